/** What a worker process runs: the jobs of every model that is worked on in pieces (`workers/pool.ts`). */

import { gradientOf } from "./engine/gradient";
import { PAIR_LOSS } from "./miniworld/base/dualEncoder";
import { readingLoss, towerReplicas } from "./miniworld/base/tower";
import { qwenReplicas } from "./model/qwen/model";
import { PIECE_JOBS } from "./model/qwen/pieces";
import { encoderReplicas } from "./model/siglip/dualEncoder";
import { tokenMeanLoss } from "./sft/batches";
import { tapoLoss } from "./tapo/update";
import { serve } from "./workers/serve";

void serve({
  replicas: [qwenReplicas, encoderReplicas, towerReplicas],
  jobs: [
    ...PIECE_JOBS,
    gradientOf(tokenMeanLoss),
    gradientOf(tapoLoss),
    ...Object.values(PAIR_LOSS).map(gradientOf),
    gradientOf(readingLoss),
  ],
});
