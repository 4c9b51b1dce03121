import type { Field } from '../../../shared/config.ts'

export interface FormGroup {
  title: string
  /** What the group is about, where its title does not say it. */
  note?: string
  /** Out of sight until asked for: few runs need it. */
  more: boolean
  fields: Field[]
}

const section = (key: string): string => key.split('.')[0]!
/** The network's own fields that every run begins with, in this order. */
const network = ['network.convolutions', 'network.layers']
const basics = ['training.epochs', 'training.batchSize', 'training.learningRate']

/**
 * The fields of the form in the order of what they are about: the network, what each layer learns by itself, what the whole
 * network does; then the rest.
 */
export function formGroups(fields: readonly Field[]): FormGroup[] {
  const pretrained = fields.some(({ key }) => key === 'pretraining.epochs')
  /** What the whole network is trained for: a question of its own only after pretraining. */
  const ofWhole = fields.filter(({ key }) => section(key) === 'fineTuning')
  const groups: FormGroup[] = [
    {
      title: 'Settings',
      more: false,
      fields: [
        ...network.flatMap((wanted) => fields.filter(({ key }) => key === wanted)),
        ...fields.filter(({ key }) => section(key) === 'regularizer'),
      ],
    },
    { title: 'Pretraining', more: false, fields: fields.filter(({ key }) => section(key) === 'pretraining') },
    {
      title: pretrained ? 'Fine-tuning' : 'Training',
      more: false,
      ...(pretrained ? { note: 'For the whole network, starting from its pretrained layers.' } : {}),
      fields: [...(pretrained ? ofWhole : []), ...fields.filter(({ key }) => basics.includes(key))],
    },
    {
      title: 'Network and objective',
      more: true,
      fields: [
        ...fields.filter(({ key }) => (section(key) === 'network' && !network.includes(key)) || section(key) === 'reconstruction'),
        ...(pretrained ? [] : ofWhole),
      ],
    },
    { title: 'Data', more: true, fields: fields.filter(({ key }) => section(key) === 'data') },
    {
      title: pretrained ? 'More of fine-tuning' : 'More of training',
      more: true,
      fields: fields.filter(({ key }) => section(key) === 'training' && !basics.includes(key)),
    },
  ]
  return groups.filter((group) => group.fields.length > 0)
}
