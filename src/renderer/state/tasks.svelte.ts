import type { Task } from '../../shared/domain.ts'
import { Collection, newest } from './collection.svelte.ts'
import { call } from './connection.svelte.ts'

/** Long work of the engine: imports, exports, evaluations. */
class Tasks extends Collection<Task> {
  readonly list = $derived(newest(this.byId.values(), (task) => task.startedAt))
  readonly imports = $derived(this.list.filter((task) => task.kind === 'import'))

  constructor() {
    super(
      async () => (await call('tasks.list', {})).tasks,
      (event, tasks) => {
        if (event.type === 'task') tasks.put(event.task)
      },
    )
  }
}

export const tasks = new Tasks()
