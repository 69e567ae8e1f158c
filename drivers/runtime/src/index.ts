export * from './fault-points.ts';
export * from './oci.ts';
export * from './port.ts';
