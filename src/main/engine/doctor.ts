import { checkHome } from './doctor/home.ts'
import { checkHosts } from './doctor/hosts.ts'
import { checkNatives } from './doctor/natives.ts'
import { checkOffline } from './doctor/offline.ts'
import type { Check } from './doctor/check.ts'
import type { Home } from './home.ts'

/** Everything that the workbench needs of this machine, one check each. */
export async function runDoctor(home: Home): Promise<Check[]> {
  return [
    { name: 'Node', ok: Number(process.versions.node.split('.')[0]) >= 24, detail: `${process.version} (${process.execPath})` },
    ...(await checkNatives()),
    ...checkHome(home),
    ...checkHosts(),
    ...(await checkOffline()),
  ]
}
