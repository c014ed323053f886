#!/bin/bash
# box.sh: makes the Vagrant box of libvirt.sh, a small Debian with a kernel that QEMU starts directly, and prints
# where it is. There is no boot loader, no systemd and no udev: under emulation each of them costs seconds.
. "$(dirname "$0")/common.sh"
need_commands 'mmdebstrap qemu-utils cpio e2fsprogs' mmdebstrap qemu-img cpio mke2fs
BOX=$BED/debian-12-$(version_of common.sh guest.sh box.sh).box
lock box
[ ! -f "$BOX" ] || { echo "$BOX"; exit; }
rm -rf "$BED"/box.?????? # left by one that was killed; we hold the lock
W=$(mktemp -d "$BED/box.XXXXXX"); trap 'rm -rf "$W"' EXIT
R=$W/root; I=$W/initrd

# The kernel is fetched while the guest is made.
mkdir "$W/kernel"
(
  cd "$W"
  package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  apt-get download -qq -o APT::Sandbox::User=root "$package" >&2
  dpkg-deb --fsys-tarfile linux-image-*.deb | tar -C kernel -xf -
) 9>&- &
kernel=$!
guest=$("$HERE/guest.sh" 9>&-)
wait "$kernel"
say 'making the box'
mkdir "$R"
tar -C "$R" -xf "$guest"
cp "$W"/kernel/boot/vmlinuz-* "$W/vmlinuz"

# The initial RAM disk: virtio's drivers, then on to the disk.
modules='virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk failover net_failover virtio_net'
mkdir -p "$I"/{bin,dev,proc,sys,mnt,modules}
cp "$R/bin/busybox" "$I/bin/busybox"
for m in $modules; do
  find "$W/kernel/lib/modules" -name "$m.ko" -exec cp {} "$I/modules/" \;
done
cat >"$I/init" <<E
#!/bin/busybox sh
b=/bin/busybox
\$b mount -t proc p /proc; \$b mount -t sysfs s /sys; \$b mount -t devtmpfs d /dev
for m in $modules; do [ ! -f /modules/\$m.ko ] || \$b insmod /modules/\$m.ko; done
n=0; while [ ! -b /dev/vda ] && [ \$n -lt 100 ]; do \$b usleep 50000; n=\$((n+1)); done
\$b mount -t ext4 -o rw /dev/vda /mnt || exec \$b sh
\$b mount --move /proc /mnt/proc; \$b mount --move /sys /mnt/sys; \$b mount --move /dev /mnt/dev
exec \$b switch_root /mnt /sbin/init
E
chmod +x "$I/init"
(cd "$I" && find . | cpio -o -H newc --quiet) | gzip -1 >"$W/initrd.img"

# What is started at boot: a network address and sshd.
echo debian >"$R/etc/hostname"
echo '127.0.0.1 localhost debian' >"$R/etc/hosts"
: >"$R/etc/fstab"
# There is no DNS on purpose: with a resolver that nobody answers, every sudo waits for 5 to 10 s.
: >"$R/etc/resolv.conf"
sed -i '/^hosts:/d' "$R/etc/nsswitch.conf" && echo 'hosts: files' >>"$R/etc/nsswitch.conf"
mkdir -p "$R/etc/udhcpc"
cat >"$R/etc/udhcpc/default.script" <<'E'
#!/bin/sh
case $1 in
deconfig) ip addr flush dev $interface; ip link set $interface up ;;
bound|renew)
  ip addr replace $ip/${mask:-24} dev $interface
  [ -z "$router" ] || ip route replace default via ${router%% *} dev $interface ;;
esac
E
cat >"$R/etc/rc.boot" <<'E'
#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620 devpts /dev/pts
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /dev/shm
mkdir -p /run/sshd /run/lock
ln -sf /proc/self/fd /dev/fd
hostname -F /etc/hostname
ip link set lo up
/bin/busybox udhcpc -i eth0 -s /etc/udhcpc/default.script -b -t 20 -T 1 -q -x hostname:$(hostname) >/dev/ttyS0 2>&1
E
cat >"$R/etc/inittab" <<'E'
::sysinit:/etc/rc.boot
::respawn:/usr/sbin/sshd -D
::ctrlaltdel:/bin/busybox poweroff
E
printf '#!/bin/sh\nsync\nexec /bin/busybox poweroff\n' >"$R/usr/sbin/shutdown"
# Vagrant calls these when it sets a host name.
for f in ifup ifdown; do printf '#!/bin/sh\nexit 0\n' >"$R/usr/sbin/$f"; chmod +x "$R/usr/sbin/$f"; done
for f in init poweroff reboot; do ln -sf /bin/busybox "$R/usr/sbin/$f"; done
chmod +x "$R/etc/udhcpc/default.script" "$R/etc/rc.boot" "$R/usr/sbin/shutdown"
rm -rf "$R"/var/cache/apt/* "$R"/var/lib/apt/lists/*

truncate -s 2G "$W/box.raw"
mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -d "$R" "$W/box.raw"
qemu-img convert -O qcow2 "$W/box.raw" "$W/box.img"
echo '{"provider":"libvirt","format":"qcow2","virtual_size":2}' >"$W/metadata.json"
cat >"$W/Vagrantfile" <<'E'
Vagrant.configure('2') do |config|
  config.vm.box_check_update = false
  config.vm.guest = :debian     # detecting it costs 25 round trips
  config.ssh.insert_key = false
  config.ssh.shell = 'bash'     # not `bash -l`: each login shell costs 0.4 s under emulation
  config.vm.provider :libvirt do |l|
    l.driver = 'qemu'           # emulation: no /dev/kvm needed
    l.cpu_mode = 'maximum'
    l.kernel = File.expand_path('vmlinuz', __dir__)
    l.initrd = File.expand_path('initrd.img', __dir__)
    l.cmd_line = 'console=ttyS0 quiet net.ifnames=0 mitigations=off'
    l.graphics_type = 'none'
    l.video_type = 'none'
  end
end
E
tar -C "$W" --use-compress-program='gzip -1' -cf "$W/new.box" metadata.json Vagrantfile vmlinuz initrd.img box.img
rm -f "$BED"/debian-12-*.box
mv "$W/new.box" "$BOX"
say "made: $(du -h "$BOX" | cut -f1)"
echo "$BOX"
