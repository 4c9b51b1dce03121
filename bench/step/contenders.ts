import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import type { Measured } from './measure.ts'

/** What benchmarks that compare steps in turn share: each contender is a process of its own that prints {"msPerStep"}. */

const here = import.meta.dirname

/** The object on the last line that a command writes. */
export const lastJson = <T extends { msPerStep: number }>(command: string, args: readonly string[]): T =>
  JSON.parse(
    execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n')
      .at(-1)!,
  ) as T

/** `bench -- step` with these options. */
export const ownStep = (args: readonly string[]): Measured =>
  lastJson(process.execPath, [join(here, '..', 'bench.ts'), 'step', ...args, '--json'])

/** A Python that has torch, and a script for it that prints {"msPerStep"}. */
export interface Torch {
  python: string
  script: string
}

/** @returns a sentence where it is not to be had. @param variable of the environment, which names the script */
export function findTorch(variable: string, usual: string): Torch | string {
  const script = process.env[variable] ?? resolve(here, '../../../shared/bench', usual)
  const python = process.env['WORKBENCH_TORCH_PYTHON'] ?? 'python3'
  if (!existsSync(script)) return `PyTorch is left out: set ${variable} to a script that prints {"msPerStep": ...}.`
  if (spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status !== 0)
    return `PyTorch is left out: ${python} has no torch; set WORKBENCH_TORCH_PYTHON.`
  return { python, script }
}

export const least = (values: readonly number[]): number => Math.min(...values)

export const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`
