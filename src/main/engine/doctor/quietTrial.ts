import { openSession } from '../export/onnxruntime.ts'
import { modelMessage } from '../export/onnxSchema.ts'

/** A process that loads ONNX Runtime as every other one does, and runs a model that gives back what it gets. */
const value = (name: string) => ({ name, type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: 2 }] } } } })
const model = modelMessage
  .encode(
    modelMessage.create({
      ir_version: 8,
      producer_name: 'doctor',
      opset_import: [{ domain: '', version: 17 }],
      graph: {
        name: 'graph',
        input: [value('x')],
        output: [value('y')],
        node: [{ name: 'same', op_type: 'Identity', input: ['x'], output: ['y'] }],
      },
    }),
  )
  .finish()
const session = await openSession(model)
const { y } = await session.run({ x: { type: 'float32', shape: [2], data: Float32Array.of(1, 2) } })
if (y?.data[1] !== 2) throw new Error('A model on trial does not give back what it gets.')
await session.close()
