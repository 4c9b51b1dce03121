import { hostKey, type Host } from '../../shared/host.ts'

/** What the desktop window offers (dialogs, paths of dropped files); null in the browser mode, where paths are typed. */
export const host: Host | null = (window as unknown as Record<string, Host | undefined>)[hostKey] ?? null
