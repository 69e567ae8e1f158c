/** Named shapes of the contract (4.2): vCPU share, memory and disk in MiB. */
export const SIZES = {
  xs: { cpuCount: 1, memoryMiB: 2048, diskMiB: 10_240 },
  small: { cpuCount: 2, memoryMiB: 4096, diskMiB: 10_240 },
  medium: { cpuCount: 4, memoryMiB: 8192, diskMiB: 20_480 },
  large: { cpuCount: 8, memoryMiB: 16_384, diskMiB: 40_960 },
  xl: { cpuCount: 16, memoryMiB: 32_768, diskMiB: 81_920 },
} as const;
export type SizeName = keyof typeof SIZES;
