import { defineExperiment } from "../lab/experiment";
import { ablation, cotSft, sized } from "../lab/recipe";
import { cotSftRow } from "../lab/rows";
import { accuracyBars, rlCurves, standardTable } from "../report/standard";

/** Pictures of other classes among which the policy looks for each negative, or as many as there are. */
const RIVALS = 8;

/** Should negatives be mined by what the policy confuses, instead of once by an encoder? */
export const mining = defineExperiment({
  id: "mining",
  title: "Online mining",
  claim:
    "Beyond the paper: negatives that the current policy mines are better than those that an encoder mined once (§4.3)",
  methods(recipe) {
    const start = cotSft(recipe);
    const row = ablation(recipe, start);
    const online = { rivals: RIVALS };
    return [
      cotSftRow(recipe),
      row("tapo", "TAPO: mined by the encoder"),
      row("online", "Mined by the policy", online),
      row("tapo-sized", "TAPO, matched size", sized(recipe, start)),
      row("online-sized", "Mined by the policy, matched size", sized(recipe, start, online)),
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed", "seenNames"],
  compare: [
    ["online-sized", "tapo-sized"],
    ["online", "tapo"],
  ],
  tables: [
    standardTable("Online mining, accuracy in %", {
      notes: [
        `Mined by the policy: before every batch's updates, of ${RIVALS} pictures of other classes the one under which the anchor's right answer is likeliest (src/tapo/mining.ts). Matched size: γ gives the KL's gradient the length of the policy's where the training begins.`,
      ],
    }),
  ],
  figures: [
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: rlCurves },
  ],
});
