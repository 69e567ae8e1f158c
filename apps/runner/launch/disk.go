package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// btrfs ioctl numbers and layouts: linux/btrfs.h.
const (
	iocQuotaCtl      = 0xc0109428
	iocSubvolCreate  = 0x5000940e
	iocSnapCreateV2  = 0x50009417
	iocSnapDestroy   = 0x5000940f
	iocQgroupCreate  = 0x4010942a
	iocQgroupLimit   = 0x8030942b
	iocInoLookup     = 0xd0009412
	iocTreeSearch    = 0xd0009411
	snapReadOnly     = 1 << 1
	quotaEnable      = 1
	limitMaxReferred = 1 << 0
	quotaTree        = 8
	firstObject      = 256
	keyQgroupInfo    = 242
)

func ioctl(fd uintptr, number uintptr, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, number, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

type diskRequest struct {
	Path       string `json:"path"` // mount point, or the volume
	LimitBytes uint64 `json:"limitBytes"`
}

type done struct{}

// prepareDisk turns quotas on; doing it again changes nothing.
func prepareDisk(r diskRequest) (done, error) {
	dir, err := os.Open(r.Path)
	if err != nil {
		return done{}, err
	}
	defer dir.Close()
	arguments := struct{ command, status uint64 }{command: quotaEnable}
	if err := ioctl(dir.Fd(), iocQuotaCtl, unsafe.Pointer(&arguments)); err != nil && !errors.Is(err, unix.EEXIST) {
		return done{}, fmt.Errorf("quota enable: %w", err)
	}
	return done{}, nil
}

type volumeArguments struct {
	fd   int64
	name [4088]byte
}

// createVolume makes a subvolume whose referenced bytes, metadata included (which bounds inodes too), cannot pass the limit: overlayfs
// writes with the credentials of its mounter, and btrfs quotas, unlike ext4's, know no exempt capability.
func createVolume(r diskRequest) (done, error) {
	parent, err := os.Open(filepath.Dir(r.Path))
	if err != nil {
		return done{}, err
	}
	defer parent.Close()
	var arguments volumeArguments
	copy(arguments.name[:], filepath.Base(r.Path))
	if err := ioctl(parent.Fd(), iocSubvolCreate, unsafe.Pointer(&arguments)); err != nil {
		return done{}, fmt.Errorf("subvolume %s: %w", r.Path, err)
	}
	id, err := limitVolume(r.Path, r.LimitBytes)
	if err != nil {
		return done{}, errors.Join(err, destroyVolume(parent, filepath.Base(r.Path), id))
	}
	return done{}, errors.Join(os.Mkdir(filepath.Join(r.Path, "upper"), 0o755), os.Mkdir(filepath.Join(r.Path, "work"), 0o700))
}

func limitVolume(path string, bytes uint64) (uint64, error) {
	volume, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer volume.Close()
	id, err := subvolumeID(volume)
	if err != nil {
		return 0, err
	}
	limit := struct{ qgroup, flags, maxReferred, maxExclusive, reserved1, reserved2 uint64 }{id, limitMaxReferred, bytes, 0, 0, 0}
	if err := ioctl(volume.Fd(), iocQgroupLimit, unsafe.Pointer(&limit)); err != nil {
		return id, fmt.Errorf("disk limit: %w", err)
	}
	return id, nil
}

// resizeVolume changes the limit of a volume at once, also below what it holds: then it can only be emptied.
func resizeVolume(r diskRequest) (done, error) {
	_, err := limitVolume(r.Path, r.LimitBytes)
	return done{}, err
}

func subvolumeID(volume *os.File) (uint64, error) {
	var lookup struct {
		tree, object uint64
		name         [4080]byte
	}
	lookup.object = firstObject
	if err := ioctl(volume.Fd(), iocInoLookup, unsafe.Pointer(&lookup)); err != nil {
		return 0, fmt.Errorf("subvolume id: %w", err)
	}
	return lookup.tree, nil
}

// deleteVolume is quick at any size: the kernel frees the blocks in the background.
func deleteVolume(r diskRequest) (done, error) {
	volume, err := os.Open(r.Path)
	if errors.Is(err, os.ErrNotExist) {
		return done{}, nil
	}
	if err != nil {
		return done{}, err
	}
	id, err := subvolumeID(volume)
	volume.Close()
	if err != nil {
		return done{}, err
	}
	parent, err := os.Open(filepath.Dir(r.Path))
	if err != nil {
		return done{}, err
	}
	defer parent.Close()
	return done{}, destroyVolume(parent, filepath.Base(r.Path), id)
}

func destroyVolume(parent *os.File, name string, id uint64) error {
	var arguments volumeArguments
	copy(arguments.name[:], name)
	if err := ioctl(parent.Fd(), iocSnapDestroy, unsafe.Pointer(&arguments)); err != nil {
		return fmt.Errorf("delete %s: %w", name, err)
	}
	return nil
}

type copyRequest struct {
	From       string `json:"from"`
	Path       string `json:"path"`
	LimitBytes uint64 `json:"limitBytes"` // of a copy that can be written; 0 makes a read-only one
}

type copyArguments struct {
	fd          int64
	transaction uint64
	flags       uint64
	unused      [4]uint64
	name        [4040]byte
}

// copyVolume makes a snapshot: one instant of the volume, which the kernel flushes first, in constant time whatever it holds. A copy that
// can be written has a quota group of its own; what it shares with others counts in full, so a limit means the same for every volume.
func copyVolume(r copyRequest) (usageResult, error) {
	source, err := os.Open(r.From)
	if err != nil {
		return usageResult{}, err
	}
	defer source.Close()
	parent, err := os.Open(filepath.Dir(r.Path))
	if err != nil {
		return usageResult{}, err
	}
	defer parent.Close()
	arguments := copyArguments{fd: int64(source.Fd())}
	if r.LimitBytes == 0 {
		arguments.flags = snapReadOnly
	}
	copy(arguments.name[:], filepath.Base(r.Path))
	if err := ioctl(parent.Fd(), iocSnapCreateV2, unsafe.Pointer(&arguments)); err != nil {
		return usageResult{}, fmt.Errorf("snapshot %s: %w", r.Path, err)
	}
	if r.LimitBytes > 0 {
		if id, err := limitVolume(r.Path, r.LimitBytes); err != nil {
			return usageResult{}, errors.Join(err, destroyVolume(parent, filepath.Base(r.Path), id))
		}
	}
	return volumeUsage(diskRequest{Path: r.Path})
}

// swapVolumes exchanges two volumes in one step: whenever the host dies, each name has one of the two, whole.
func swapVolumes(r copyRequest) (done, error) {
	if err := unix.Renameat2(unix.AT_FDCWD, r.From, unix.AT_FDCWD, r.Path, unix.RENAME_EXCHANGE); err != nil {
		return done{}, fmt.Errorf("swap %s: %w", r.Path, err)
	}
	return done{}, nil
}

type usageResult struct {
	Bytes uint64 `json:"bytes"`
}

// volumeUsage is the referenced size as the quota counts it; it lags the last writes by one commit.
func volumeUsage(r diskRequest) (usageResult, error) {
	volume, err := os.Open(r.Path)
	if err != nil {
		return usageResult{}, err
	}
	defer volume.Close()
	id, err := subvolumeID(volume)
	if err != nil {
		return usageResult{}, err
	}
	var used uint64
	err = searchQuota(volume, keyQgroupInfo, id, id, func(_ uint64, item []byte) {
		used = binary.LittleEndian.Uint64(item[8:])
	})
	return usageResult{Bytes: used}, err
}

// searchQuota calls found for the items of that type with first ≤ qgroup id ≤ last.
func searchQuota(volume *os.File, kind uint32, first, last uint64, found func(id uint64, item []byte)) error {
	type key struct {
		tree, minObject, maxObject, minOffset, maxOffset, minTransaction, maxTransaction uint64
		minType, maxType, items, _                                                       uint32
		_                                                                                [4]uint64
	}
	for next := first; next <= last; {
		var search struct {
			key    key
			buffer [4096 - unsafe.Sizeof(key{})]byte
		}
		search.key = key{tree: quotaTree, minOffset: next, maxOffset: last, maxTransaction: ^uint64(0), minType: kind, maxType: kind, items: 64}
		if err := ioctl(volume.Fd(), iocTreeSearch, unsafe.Pointer(&search)); err != nil {
			return fmt.Errorf("quota search: %w", err)
		}
		if search.key.items == 0 {
			return nil
		}
		reader := bytes.NewReader(search.buffer[:])
		for range search.key.items {
			var header struct {
				Transaction, Object, Offset uint64
				Type, Length                uint32
			}
			if err := binary.Read(reader, binary.LittleEndian, &header); err != nil {
				return err
			}
			item := make([]byte, header.Length)
			if _, err := reader.Read(item); err != nil {
				return err
			}
			found(header.Offset, item)
			next = header.Offset + 1
		}
	}
	return nil
}

// sweepQgroups removes the accounting groups of volumes that are gone; kernels before 6.11 leave them behind (and would remove those of
// living volumes too, so the living are listed first).
func sweepQgroups(r diskRequest) (done, error) {
	root, err := os.Open(r.Path)
	if err != nil {
		return done{}, err
	}
	defer root.Close()
	var stale []uint64
	if err := searchQuota(root, keyQgroupInfo, firstObject, 1<<47, func(id uint64, _ []byte) { stale = append(stale, id) }); err != nil {
		return done{}, err
	}
	living := map[uint64]bool{}
	entries, err := os.ReadDir(r.Path)
	if err != nil {
		return done{}, err
	}
	for _, entry := range entries {
		volume, err := os.Open(filepath.Join(r.Path, entry.Name()))
		if err != nil {
			return done{}, err
		}
		id, err := subvolumeID(volume)
		volume.Close()
		if err != nil {
			return done{}, err
		}
		living[id] = true
	}
	for _, id := range stale {
		if living[id] {
			continue
		}
		arguments := struct{ create, qgroup uint64 }{0, id}
		_ = ioctl(root.Fd(), iocQgroupCreate, unsafe.Pointer(&arguments))
	}
	return done{}, nil
}
