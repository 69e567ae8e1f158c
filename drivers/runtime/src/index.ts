export * from './oci.ts';
export * from './port.ts';
