import { watchBinding } from "./binding";

/**
 * Counts the tensors of the native runtime from here on: made minus deleted. `tf.memory()` knows only what went through the
 * library; decoding runs on bare handles below it (src/model/tensor/raw.ts), which this counts, too.
 * @returns the present number
 */
export function countNativeTensors(): () => number {
  let live = 0;
  const counted = <T extends readonly unknown[]>(made: T): T => {
    live += made.length;
    return made;
  };
  watchBinding((binding) => ({
    createTensor: (...operands) => {
      live += 1;
      return binding.createTensor(...operands);
    },
    deleteTensor: (id) => {
      live -= 1;
      binding.deleteTensor(id);
    },
    executeOp: (...operands) => counted(binding.executeOp(...operands)),
    runSavedModel: (...operands) => counted(binding.runSavedModel(...operands)),
  }));
  return () => live;
}
