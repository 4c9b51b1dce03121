import { existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs'
import { dirname, sep } from 'node:path'

/**
 * What kind of file system a folder lies on. `local`: one kernel has it for itself, so that its locks are to be trusted and what one
 * process maps another one sees. `network`: machines share it, or a program stands between it and the kernel. `unknown` is treated alike.
 */
export interface FileSystem {
  kind: 'local' | 'network' | 'unknown'
  name: string
}

/** Numbers that Linux gives of file systems (statfs, `f_type`). */
const networks: Record<number, string> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'SMB (CIFS)',
  0xfe534d42: 'SMB',
  0x0bd00bd0: 'Lustre',
  0x47504653: 'GPFS',
  0x65735546: 'FUSE',
  0x01021997: '9P',
  0x5346414f: 'AFS',
  0x6b414653: 'AFS',
  0x73757245: 'Coda',
  0x00c36400: 'Ceph',
  0x19830326: 'BeeGFS',
  0x7461636f: 'OCFS2',
  0x01161970: 'GFS2',
  0xaad7aaea: 'PanFS',
  0x20030528: 'OrangeFS',
  0x564c: 'NCP',
  0x786f4256: 'VirtualBox folder',
  0xbacbacbc: 'VMware folder',
  0x7c7c6673: 'Parallels folder',
  0xbeefdead: 'StorNext',
  0x61636673: 'ACFS',
}
const locals: Record<number, string> = {
  0xef53: 'ext4',
  0x58465342: 'XFS',
  0x9123683e: 'Btrfs',
  0x2fc12fc1: 'ZFS',
  0x01021994: 'tmpfs',
  0xf2f52010: 'F2FS',
  0x794c7630: 'overlay',
  0x3153464a: 'JFS',
  0x52654973: 'ReiserFS',
  0x858458f6: 'ramfs',
  0x4d44: 'FAT',
  0x2011bab0: 'exFAT',
  0x5346544e: 'NTFS',
  0x7366746e: 'NTFS',
  0xca451a4e: 'bcachefs',
  0x3434: 'NILFS',
  0x482b: 'HFS+',
  0xf15f: 'eCryptfs',
  0x73717368: 'SquashFS',
}

/** The file system under a path, or under the nearest folder above it that exists. Only Linux says; elsewhere it counts as local. */
export function fileSystemOf(path: string): FileSystem {
  if (process.platform !== 'linux') return { kind: 'local', name: 'local disk' }
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    const number = statfsSync(folder).type >>> 0
    const network = networks[number]
    if (network !== undefined) return { kind: 'network', name: network === 'FUSE' ? fuseName(folder) : network }
    const local = locals[number]
    return local === undefined ? { kind: 'unknown', name: `file system 0x${number.toString(16)}` } : { kind: 'local', name: local }
  } catch {
    return { kind: 'unknown', name: 'file system that does not say its type' }
  }
}

const unescaped = (point: string): string =>
  point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** Which program is behind FUSE, such as `FUSE (sshfs)`. */
function fuseName(folder: string): string {
  try {
    const real = realpathSync(folder)
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .map(([, point = '', type = '']) => ({ point: unescaped(point), type }))
    const holds = ({ point }: { point: string }): boolean => point === '/' || real === point || real.startsWith(point + sep)
    const found = mounts.filter(holds).sort((a, b) => b.point.length - a.point.length)[0]
    const program = /^fuse\.(.+)$/.exec(found?.type ?? '')?.[1]
    return program === undefined ? 'FUSE' : `FUSE (${program})`
  } catch {
    return 'FUSE'
  }
}
