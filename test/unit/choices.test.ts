import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Field, Settings } from '../../src/shared/config.ts'
import { resolveConfig, variants } from '../../src/main/engine/variants/index.ts'
import type { Facts } from '../../src/main/engine/variants/variant.ts'

/** Defaults fit whatever one thing somebody chooses: they never refuse themselves. */

const images = { kind: 'image', classes: 10 } as const
const dense: Facts = { ...images, rowSize: 784, size: { width: 28, height: 28, channels: 1 }, trainCount: 60_000 }
const large: Facts = { ...images, rowSize: 12_288, size: { width: 64, height: 64, channels: 3 }, trainCount: 2000 }
const data: Record<string, Facts> = {
  unknown: {},
  digits: { ...dense, pixels: 'nearlyBinary' },
  'few images': { ...dense, trainCount: 12 },
  'large colour photographs': { ...large, pixels: 'colour' },
  vectors: { kind: 'vector', classes: 10, rowSize: 30, trainCount: 2000 },
}

const choicesOf = ({ kind, choices }: Field): unknown[] => (kind === 'choice' ? choices! : kind === 'boolean' ? [true, false] : [])

/** What is wrong with some settings although nothing of it was given. */
function selfRefused(variant: string, given: Settings, facts: Facts): string[] {
  const { problems } = resolveConfig(variant, given, facts)
  const keys = Object.keys(given)
  return problems
    .filter(({ field, message }) => !keys.some((key) => key === field || message.includes(key)))
    .map(({ field, message }) => `${JSON.stringify(given)}: ${field}: ${message}`)
}

for (const [name, facts] of Object.entries(data)) {
  test(`${name}: whatever one setting is chosen to be, the defaults go with it`, () => {
    const wrong: string[] = []
    for (const { id } of variants) {
      const own = new Set(resolveConfig(id, {}, facts).fields.map(({ key }) => key))
      const bases: Settings[] = [
        {},
        ...(facts.size ? [{ 'network.convolutions': '16x3s2' }, { 'network.convolutions': 'none' }] : []),
        { 'pretraining.kind': 'greedy' },
        { 'pretraining.kind': 'rbm' },
        { 'pretraining.kind': 'greedy', 'network.convolutions': '16x3s2' },
        { 'fineTuning.kind': 'classification' },
        { 'fineTuning.kind': 'classification', 'fineTuning.labelled': 10 },
        { 'training.patience': 2 },
      ].filter((base) => Object.keys(base).every((key) => own.has(key)))
      for (const base of bases) {
        const { fields } = resolveConfig(id, base, facts)
        for (const field of fields) {
          for (const choice of choicesOf(field)) {
            const given = { ...base, [field.key]: choice }
            wrong.push(...selfRefused(id, given, facts).map((text) => `${id} ${text}`))
            // What is shown only then.
            for (const other of resolveConfig(id, given, facts).fields.filter(
              ({ when }) => when?.key === field.key && when.in.includes(String(choice)),
            )) {
              for (const second of choicesOf(other))
                wrong.push(...selfRefused(id, { ...given, [other.key]: second }, facts).map((text) => `${id} ${text}`))
            }
          }
        }
      }
    }
    assert.deepEqual([...new Set(wrong)], [])
  })
}
