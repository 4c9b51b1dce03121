import { WorkbenchError } from '../../../shared/errors.ts'
import type { ResultOf } from '../../../shared/answers.ts'
import type { QuestionKind, QuestionOf } from '../../../shared/questions.ts'
import type { Report } from '../evaluate/report.ts'
import type { Drawing } from './pictures.ts'
import type { Subject } from './subject.ts'

export interface Asking {
  subject: Subject
  /** How far it is, 0 to 1; gives others their turn and throws CANCELLED where the answer is not wanted any more. */
  report: Report
  drawing: Drawing
  /** Of a question about copying: the folder of the dataset that it names; null for random pixels. */
  other: { folder: string; name: string } | null
}

/** Answers a question. Carried out in a scope: tensors that are not kept are gone afterwards. */
export type Answer<K extends QuestionKind> = (question: QuestionOf<K>, asking: Asking) => Promise<ResultOf<K>>

/** A part of a report's range. */
export const part =
  (report: Report, from: number, to: number): Report =>
  (share) =>
    report(from + (to - from) * share)

/** QUESTION_UNSUITABLE: the network cannot answer that. @param message a sentence with what can be done instead */
export const unsuitable = (message: string, field = 'question'): WorkbenchError =>
  new WorkbenchError('QUESTION_UNSUITABLE', message, { field })
