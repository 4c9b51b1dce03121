const themes = ['system', 'light', 'dark'] as const
type ThemeChoice = (typeof themes)[number]

const key = 'theme'
const system = window.matchMedia('(prefers-color-scheme: dark)')

/** Light or dark: as the system says, unless the user chose. */
class Theme {
  choice = $state<ThemeChoice>(themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system')
  #systemDark = $state(system.matches)
  readonly shown: 'light' | 'dark' = $derived(this.choice === 'system' ? (this.#systemDark ? 'dark' : 'light') : this.choice)

  constructor() {
    system.addEventListener('change', (event) => {
      this.#systemDark = event.matches
      this.apply()
    })
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice
    if (choice === 'system') localStorage.removeItem(key)
    else localStorage.setItem(key, choice)
    this.apply()
  }

  /** From what is shown to the other. */
  toggle(): void {
    this.choose(this.shown === 'dark' ? 'light' : 'dark')
  }

  apply(): void {
    document.documentElement.dataset.theme = this.shown
  }
}

export const theme = new Theme()
