import { changesFrom } from "../lab/analyses";
import { defineExperiment } from "../lab/experiment";
import { chains } from "../lab/recipe";
import { baseThinkingRow, fineR1Row } from "../lab/rows";
import { withInputs } from "../lab/stage";
import { casesOf, casesView, CHANGE_COLUMNS, changeNotes } from "../report/cases";
import { conceptsOf, conceptView } from "../report/conceptView";

/** A class's pictures in few-shot training (§5.1): concepts are looked at in as many. */
const SHOTS = 4;

/** Figs. 5 and 6: the concepts of several pictures of a class, and what base and Fine-R1 say to the same picture. */
export const cases = defineExperiment({
  id: "cases",
  title: "Cases",
  claim:
    "Pictures of one class have different visual concepts (Fig. 5); Fine-R1 reasons in steps to the right name where the base takes the first that looks alike (Fig. 6)",
  methods: (recipe) => [baseThinkingRow(recipe), fineR1Row(recipe)], // Fig. 6's baseline thinks, too
  ask: ["open"],
  metrics: ["accuracy"],
  analyses: [changesFrom(baseThinkingRow, "open")],
  compare: [["tapo", "base-think"]],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "What becomes of the base's answers, open world, number of questions",
        columns: CHANGE_COLUMNS,
        notes: ["Mended: the base, thinking, is wrong and the method right; spoiled: the other way round."],
      }),
      notes: changeNotes,
    },
  ],
  figures: [],
  views: [
    {
      name: "cases",
      async draw({ cases: asked }) {
        const source = asked("open");
        if (source.asked.length < 2) return undefined;
        const data = await casesOf(source, { setting: "open", split: "unseen" });
        return { title: "The same pictures answered by base and Fine-R1", view: casesView(data), data };
      },
    },
    {
      name: "concepts",
      async draw({ recipe, dataset, chains: written }) {
        if (dataset.teacher === undefined) return undefined;
        const records = await written(withInputs(chains(recipe), { imagesPerClass: SHOTS }));
        const data = await conceptsOf(records, dataset);
        return { title: "Visual concepts of several pictures of a class", view: conceptView(data), data };
      },
    },
  ],
});
