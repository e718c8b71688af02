/** Linux capabilities by name and number (capabilities(7), linux/capability.h). */

/** The index is the number. */
export const CAPABILITY_NAMES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
  'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP ' +
  'MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** @returns the name as in capabilities(7), for any spelling of it; undefined where there is none. */
export function capabilityName(text: string): string | undefined {
  const bare = text.trim().toUpperCase().replaceAll('-', '_');
  const name = bare.startsWith('CAP_') ? bare : `CAP_${bare}`;
  return CAPABILITY_NAMES.includes(name) ? name : undefined;
}

/** The bits of prctl(2), PR_SET_SECUREBITS, by their names in systemd.exec(5). Others do not outlast an exec. */
export const SECUREBITS: Readonly<Record<string, number>> = {
  noroot: 1 << 0,
  'noroot-locked': 1 << 1,
  'no-setuid-fixup': 1 << 2,
  'no-setuid-fixup-locked': 1 << 3,
  'keep-caps-locked': 1 << 5,
};

/** @param mask hexadecimal, as `CapPrm` in /proc/self/status (proc_pid_status(5)) */
export function capabilitiesOfMask(mask: string): ReadonlySet<string> {
  const bits = /^[0-9a-f]+$/i.test(mask) ? BigInt(`0x${mask}`) : 0n;
  return new Set(CAPABILITY_NAMES.filter((_, number) => (bits >> BigInt(number)) & 1n));
}
