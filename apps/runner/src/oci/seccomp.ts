/**
 * System call filter: deny by default, modelled on what container engines allow by default, for kernels ≥ 5.12.
 * Unknown calls answer ENOSYS, so that libraries fall back to older ones; known dangerous ones answer EPERM, as without the capability.
 * Only the native architecture: 32-bit and x32 entry points double the kernel surface and nothing in the templates needs them.
 */

/** Groups are for the reader; all are allowed with any argument. */
const ALLOWED = {
  files: `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fallocate fchdir fchmod
    fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate
    getcwd getdents getdents64 getxattr getxattrat lchown lgetxattr link linkat listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat memfd_create
    mkdir mkdirat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink
    readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile setxattr setxattrat splice stat statfs statx symlink symlinkat sync
    sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice write writev cachestat futimesat
    name_to_handle_at mknod mknodat`,
  watching: `epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 inotify_add_watch inotify_init
    inotify_init1 inotify_rm_watch poll ppoll pselect6 select signalfd signalfd4 timerfd_create timerfd_gettime timerfd_settime`,
  // io_uring is left out: it passes round this filter and has a long record of local root exploits. libaio stays.
  asynchronous: 'io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit',
  memory: `brk madvise map_shadow_stack mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap membarrier memfd_secret
    mseal pkey_alloc pkey_free pkey_mprotect process_madvise process_mrelease remap_file_pages mbind get_mempolicy set_mempolicy set_mempolicy_home_node`,
  processes: `arch_prctl capget capset execve execveat exit exit_group fork getegid geteuid getgid getgroups getpgid getpgrp getpid getppid
    getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kill pidfd_getfd pidfd_open
    pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
    sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    seccomp set_robust_list get_robust_list set_tid_address setfsgid setfsuid setgid setgroups setitimer getitimer setpgid setpriority
    setregid setresgid setresuid setreuid setrlimit setsid setuid sigaltstack tgkill time times tkill vfork wait4 waitid pause alarm
    get_thread_area set_thread_area rt_tgsigqueueinfo landlock_add_rule landlock_create_ruleset landlock_restrict_self chroot`,
  // Debuggers and profilers of one's own processes. Without CAP_SYS_PTRACE a process reaches only its own user's, inside its own pid
  // namespace; kernels ≥ 4.8 apply this filter after ptrace has had its say, so a tracer cannot smuggle calls past it.
  debugging: 'kcmp process_vm_readv process_vm_writev ptrace',
  locks:
    'futex futex_waitv futex_wait futex_wake futex_requeue mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget',
  network: `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto
    setsockopt shutdown socketpair`,
  clocks:
    'clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep timer_create timer_delete timer_getoverrun timer_gettime timer_settime adjtimex clock_adjtime',
  system: 'getcpu getrandom ioctl sysinfo uname',
} as const;

/** Named so that they say EPERM, as programs expect, instead of ENOSYS. */
const REFUSED = `acct add_key bpf clock_settime delete_module fanotify_init finit_module fsconfig fsmount fsopen fspick init_module io_uring_enter
  io_uring_register io_uring_setup ioperm iopl kexec_file_load kexec_load keyctl lookup_dcookie mount mount_setattr move_mount move_pages
  migrate_pages nfsservctl open_by_handle_at open_tree perf_event_open pivot_root quotactl quotactl_fd reboot request_key setdomainname sethostname
  setns settimeofday stime swapoff swapon syslog umount umount2 unshare userfaultfd uselib ustat vhangup sysfs _sysctl`;

const ALLOW = 'SCMP_ACT_ALLOW';
const EPERM = 1;
const ENOSYS = 38;

const names = (text: string): string[] => text.split(/\s+/).filter((name) => name !== '');
const equals = (index: number, value: number) => ({ index, value, op: 'SCMP_CMP_EQ' });

/** CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}: no new namespaces, above all no user namespace with fresh capabilities in it. */
const CLONE_NEW = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Refused with the rest: AF_VSOCK (talks to the hypervisor), AF_ALG, AF_PACKET, AF_KEY. */
const FAMILIES = [1, 2, 10, 16];
/** PER_LINUX, PER_LINUX32, UNAME26, both, and the query. Nothing that weakens address space randomisation. */
const PERSONALITIES = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

const ARCHITECTURE = process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64';

export const seccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: ENOSYS,
  architectures: [ARCHITECTURE],
  syscalls: [
    { names: Object.values(ALLOWED).flatMap(names), action: ALLOW },
    { names: names(REFUSED), action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
    { names: ['clone'], action: ALLOW, args: [{ index: 0, value: CLONE_NEW, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] },
    // Its flags are behind a pointer, which no filter can follow; ENOSYS makes the C library use clone.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
    ...FAMILIES.map((family) => ({ names: ['socket'], action: ALLOW, args: [equals(0, family)] })),
    ...PERSONALITIES.map((persona) => ({ names: ['personality'], action: ALLOW, args: [equals(0, persona)] })),
  ],
};
