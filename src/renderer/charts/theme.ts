/** Colours of a chart as the page has them now; canvas cannot use custom properties by itself. */
export interface ChartTheme {
  ink: string
  quiet: string
  grid: string
  paper: string
  font: string
  /** Turns any CSS colour, `var(--name)` included, into one that a canvas understands. */
  resolve(colour: string, opacity?: number): string
}

/** Reads the theme at an element that is in the page. */
export function readTheme(host: HTMLElement): ChartTheme {
  const probe = document.createElement('span')
  probe.hidden = true
  host.append(probe)
  const known = new Map<string, string>()
  const resolve = (colour: string, opacity = 1): string => {
    let plain = known.get(colour)
    if (plain === undefined) {
      probe.style.color = colour
      host.append(probe)
      plain = getComputedStyle(probe).color
      probe.remove()
      known.set(colour, plain)
    }
    return opacity >= 1 ? plain : plain.replace(/^rgba?\(([^,]+),([^,]+),([^,)]+).*$/, `rgba($1,$2,$3, ${opacity})`)
  }
  const theme = {
    ink: resolve('var(--ink)'),
    quiet: resolve('var(--ink-2)'),
    grid: resolve('var(--line)'),
    paper: resolve('var(--paper)'),
    font: getComputedStyle(host).fontFamily,
    resolve,
  }
  probe.remove()
  return theme
}

/** Calls back when light turns to dark or back, by the system or by the page's own switch. Returns how to stop. */
export function onThemeChange(changed: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const page = new MutationObserver(changed)
  system.addEventListener('change', changed)
  page.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class', 'style'] })
  return () => {
    system.removeEventListener('change', changed)
    page.disconnect()
  }
}
