package main

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// stage enters a private mount namespace and lays out the bundle in it: root file system, agent, /etc files, spec, runtime state.
// Nothing of it is visible outside, and all of it is gone when the last process of the sandbox is.
func stage(r startRequest, slot *slot) (string, error) {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return "", fmt.Errorf("mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", fmt.Errorf("private mounts: %w", err)
	}
	if r.HideCgroup2 {
		if err := unix.Unmount("/sys/fs/cgroup/unified", unix.MNT_DETACH); err != nil && err != unix.EINVAL {
			return "", fmt.Errorf("hide cgroup2: %w", err)
		}
	}
	// 256 KiB: spec, runtime state and three small files, which root inside may edit and therefore fill.
	if err := unix.Mount("miosa", r.Stage, "tmpfs", unix.MS_NODEV|unix.MS_NOSUID, "mode=0755,size=256k,nr_inodes=64"); err != nil {
		return "", fmt.Errorf("stage: %w", err)
	}
	at := func(name string) string { return filepath.Join(r.Stage, name) }
	for _, name := range []string{"lower", "upper", "rootfs", "state", "etc"} {
		if err := os.Mkdir(at(name), 0o755); err != nil {
			return "", err
		}
	}
	for name, text := range r.Etc {
		if err := os.WriteFile(at("etc/"+name), []byte(text), 0o644); err != nil {
			return "", err
		}
		if err := os.Chown(at("etc/"+name), r.IDBase, r.IDBase); err != nil {
			return "", err
		}
	}
	if r.Waiting {
		if err := slot.keepEtc(at("etc")); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(at("config.json"), r.Spec, 0o644); err != nil {
		return "", err
	}
	if err := bindFile(r.Agent, at("agent")); err != nil {
		return "", err
	}
	return r.Stage, mountRoot(r, slot, at)
}

// hideDirs lays an empty folder over each, all of them below /proc. In a user namespace the kernel lets nobody mount a proc that shows more than
// those in sight, and the runtime is about to; so a whole one stays in sight at another
// place. Call it in the sandbox's network namespace: /proc/sys/net has other folders in every one.
func hideDirs(dirs []string, whole string) error {
	if len(dirs) == 0 {
		return nil
	}
	if err := os.Mkdir(whole, 0o555); err != nil {
		return err
	}
	if err := unix.Mount("/proc", whole, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind /proc: %w", err)
	}
	for _, dir := range dirs {
		if err := unix.Mount("miosa", dir, "tmpfs", unix.MS_NODEV|unix.MS_NOSUID|unix.MS_NOEXEC|unix.MS_RDONLY, "size=4k,nr_inodes=1"); err != nil {
			return fmt.Errorf("hide %s: %w", dir, err)
		}
	}
	return nil
}

func bindFile(source, target string) error {
	file, err := os.Create(target)
	if err != nil {
		return err
	}
	file.Close()
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s: %w", source, err)
	}
	return nil
}

// mountRoot mounts the overlay over id-mapped layers: on disk every sandbox's files carry ids 0–65535, to the host they are ids of the
// slot's own range. One template serves all sandboxes unshifted (and from one page cache), and no two sandboxes share an id.
func mountRoot(r startRequest, slot *slot, at func(string) string) error {
	volume := filepath.Dir(r.Upper)
	if err := idmapped(r.Lower, at("lower"), slot.users, true); err != nil {
		return err
	}
	if err := idmapped(volume, at("upper"), slot.users, false); err != nil {
		return err
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", at("lower"), at("upper/"+filepath.Base(r.Upper)), at("upper/"+filepath.Base(r.Work)))
	if err := unix.Mount("overlay", at("rootfs"), "overlay", unix.MS_NODEV|unix.MS_NOSUID|unix.MS_NOATIME, options); err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	return nil
}

func idmapped(source, target string, users int, readOnly bool) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC)
	if err != nil {
		return fmt.Errorf("open tree %s: %w", source, err)
	}
	defer unix.Close(tree)
	attributes := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_IDMAP, Userns_fd: uint64(users)}
	if readOnly {
		attributes.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attributes); err != nil {
		return fmt.Errorf("id map %s: %w", source, err)
	}
	if err := unix.MoveMount(tree, "", unix.AT_FDCWD, target, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return fmt.Errorf("attach %s: %w", source, err)
	}
	return nil
}
