/**
 * Settings of regularizers mean what their variant makes of them: the lambda of contraction is not that of an L1 norm. Where
 * several variants have one of the same name, it is a setting of each, with a key that says whose:
 * `regularizer.lambda@contractive`.
 */

/** What the keys of settings of the layers' variant begin with. */
export const layerPrefix = 'pretraining.regularizer.'
/** Settings in which variants differ by nature: nobody expects them to be the same. */
export const isOwn = (key: string): boolean => key.startsWith('regularizer.') || key.startsWith(layerPrefix)

const ownedKey = (key: string, owner: string): string => `${key}@${owner}`

/** A key without its owner, and the owner; null where it has none. */
export function partsOf(key: string): { plain: string; owner: string | null } {
  const at = key.indexOf('@')
  return at < 0 || !isOwn(key) ? { plain: key, owner: null } : { plain: key.slice(0, at), owner: key.slice(at + 1) }
}

/** As a column of a file is headed: `contractive: regularizer.lambda`. */
export function headOf(key: string): string {
  const { plain, owner } = partsOf(key)
  return owner === null ? plain : `${owner}: ${plain}`
}

/** Whose a setting is: the variant's, or of layers that are pretrained the variant's that does it; null for settings that all share. */
export const ownerOf = (key: string, { variant, layers }: { variant: string; layers: string | null }): string | null =>
  !isOwn(key) ? null : key.startsWith(layerPrefix) ? (layers ?? variant) : variant

/**
 * Some things that each have settings of their own, as columns: one for each key, and for each owner of a key that has several.
 * In the order of first appearance.
 */
export function columnsOf(items: readonly { keys: Iterable<string>; variant: string; layers: string | null }[]): string[] {
  const owners = new Map<string, Set<string | null>>()
  for (const item of items) for (const key of item.keys) owners.set(key, (owners.get(key) ?? new Set()).add(ownerOf(key, item)))
  return [...owners].flatMap(([key, keyOwners]) =>
    keyOwners.size > 1 ? [...keyOwners].map((owner) => ownedKey(key, owner!)) : [key],
  )
}

/** Whether something with settings has that of a column. */
export function isOf(key: string, item: { variant: string; layers: string | null }): boolean {
  const { plain, owner } = partsOf(key)
  return owner === null || ownerOf(plain, item) === owner
}

/**
 * Keys as there are now: one that was asked for before several variants had such a setting stands for that of each, and the
 * other way about.
 */
export function currentKeys(key: string, known: readonly string[]): string[] {
  if (!isOwn(key) || known.includes(key)) return [key]
  const { plain } = partsOf(key)
  const now = known.filter((other) => partsOf(other).plain === plain)
  return now.length === 0 ? [key] : now
}

/** By what the layers of an experiment's cell are pretrained; null without pretraining. */
export function layersOfCell({
  variant,
  settings,
}: {
  variant: string
  settings: Readonly<Record<string, unknown>>
}): string | null {
  const kind = settings['pretraining.kind'] ?? 'none'
  return kind === 'none' ? null : kind === 'rbm' ? 'rbm' : String(settings['pretraining.variant'] ?? variant)
}
