import type { Result } from '../../../shared/answers.ts'
import type { Question } from '../../../shared/questions.ts'
import { WorkbenchError } from '../../../shared/errors.ts'
import type { Report } from '../evaluate/report.ts'
import { tf } from '../trace/tensorflow.ts'
import type { Asked } from './messages.ts'
import type { Answer } from './question.ts'
import { answers } from './questions.ts'
import type { Subject } from './subject.ts'

/**
 * Answers one question about a network; at any time one a process, since what is not kept belongs to its scope. @throws
 * WorkbenchError
 */
export async function answer(
  subject: Subject,
  { question, side, other }: Pick<Asked, 'question' | 'side' | 'other'>,
  report: Report,
): Promise<Result> {
  tf.engine().startScope(question.kind)
  try {
    return await (answers[question.kind] as Answer<Question['kind']>)(question as never, {
      subject,
      report,
      drawing: subject.drawing(side),
      other,
    })
  } catch (thrown) {
    if (thrown instanceof WorkbenchError || !/allocat|out of memory|OOM/i.test(String(thrown))) throw thrown
    throw new WorkbenchError(
      'QUESTION_UNSUITABLE',
      'This takes more memory than there is; ask for fewer images, or close other programs.',
      { cause: thrown },
    )
  } finally {
    tf.engine().endScope()
  }
}
