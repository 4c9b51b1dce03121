import type { Field } from '../../../shared/config.ts'
import { variants } from '../../state/variants.svelte.ts'
import { words } from './words.ts'

/** A setting's value, given as the text of its field, as it is read. A choice among variants is one among their names. */
export function valueText(field: Field, text: string): string {
  if (field.kind === 'boolean') return text === 'true' ? 'on' : 'off'
  if (field.kind !== 'choice') return text
  return (field.key === 'pretraining.variant' ? variants.byId.get(text)?.title : undefined) ?? words(text)
}

/** The range of a number, where it is narrow enough to be worth its words. */
const range = ({ minimum, maximum, exclusiveMaximum }: Field): string =>
  minimum !== undefined && maximum !== undefined && maximum <= 1
    ? `From ${minimum} to ${exclusiveMaximum ? 'below ' : ''}${maximum}.`
    : ''

/** What a setting is, with the range of a number. */
export const descriptionText = (field: Field): string =>
  [field.description.replaceAll('`', ''), field.kind === 'number' || field.kind === 'integer' ? range(field) : '']
    .filter(Boolean)
    .join(' ')
    .trim()
