/** One thing that the palette can do. */
export interface Command {
  id: string
  /** What it is: `View`, `Action`, `Experiment`, `Run`, `Dataset`. */
  kind: 'View' | 'Action' | 'Experiment' | 'Run' | 'Dataset'
  title: string
  /** More about it; searched too. */
  detail: string
  keys?: string
  run(): void
}

/** Commands that have every word, those with the words in their titles first, the order otherwise kept. */
export function matching(all: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return [...all]
  const inTitle: Command[] = []
  const elsewhere: Command[] = []
  for (const command of all) {
    const title = command.title.toLowerCase()
    const text = `${title} ${command.detail.toLowerCase()} ${command.kind.toLowerCase()}`
    if (words.every((word) => title.includes(word))) inTitle.push(command)
    else if (words.every((word) => text.includes(word))) elsewhere.push(command)
  }
  return [...inTitle, ...elsewhere]
}
