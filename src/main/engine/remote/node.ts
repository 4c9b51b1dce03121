import { readFileSync } from 'node:fs'
import { availableParallelism, hostname } from 'node:os'
import { processor } from '../machine.ts'

/** Version of the C library, such as `2.36`; null where this system has another one. */
const glibc = (): string | null => {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime ?? null
}

/** Instructions that TensorFlow's library uses where they are there; null where the system does not say. */
function vectorUnits(): string[] | null {
  try {
    const flags = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? []
    return ['avx', 'avx2', 'fma', 'avx512f'].filter((each) => flags.includes(each))
  } catch {
    return null
  }
}

/** Whether TensorFlow's library can run here. */
export const hasVectorUnits = (): boolean => process.arch !== 'x64' || (vectorUnits()?.includes('avx') ?? true)

/** One line about the machine, for the beginning of a task's output. */
export const machineLine = (): string =>
  `${hostname()}: ${processor()}, ${availableParallelism()} cores, ` +
  `${vectorUnits()?.join(' ') || 'no AVX'}, glibc ${glibc() ?? 'unknown'}, Node ${process.versions.node}`
