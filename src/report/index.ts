/**
 * Measurements made into tables (`pivot.ts`, laid out in `table/`), figures (`figures.ts`, drawn in `figure/`), views of a cell and a
 * page of answers (`browse/`), and their display in notebook and terminal (`display/`). Everything comes in as plain data: nothing
 * here knows an experiment, a store or a dataset of its own, asks a model or reads a run.
 */

export { resultTable, type Column, type Estimate, type ResultTable, type Row } from "./table/table";
export { toCsv } from "./table/csv";
export { toDataFrame } from "./table/dataframe";
export { exportTable } from "./table/export";
export { toHtml } from "./table/html";
export { toLatex } from "./table/latex";
export { toMarkdown } from "./table/markdown";
export { toText } from "./table/text";
export { groupedBars } from "./figure/bars";
export { dotPlot } from "./figure/dots";
export { trainingCurves } from "./figure/curves";
export { exportFigure, figureSvg } from "./figure/export";
export type { Figure, PlotlyFigure } from "./figure/figure";
export { heatMap } from "./figure/matrix";
export { pcaScatter } from "./figure/scatter";
export { imageStrip, type CaptionedImage } from "./figure/strip";
export { interruptSignal } from "./display/interrupt";
export { notebook, type Notebook } from "./display/notebook";
export { terminalProgress } from "./display/terminal";
export { together } from "./display/together";
export { stacked, type HtmlView } from "./display/view";
export { likelihoodView, type TokenLikelihood } from "./likelihoodView";
export { chainView, type AnsweredQuestion } from "./chainView";
export { casesOf, casesView, CHANGE_COLUMNS, changeNotes, type Case, type Cases, type CaseSource } from "./cases";
export { conceptsOf, conceptView, type ClassConcepts } from "./conceptView";
export { exportView, type View } from "./viewPage";
export { rolloutView, type RolloutGroup } from "./rolloutView";
export { drawnOf, type Drawn } from "./drawn";
export { compareMeasurements, type Comparison } from "./compare";
export { explained, layerLines, measuredLayers, methodBars, methodColours, runCurves, sweepLines } from "./figures";
export { kindColumns, NEED_COLUMNS, needBars } from "./general";
export { domainColumns, methodTable, type MeasuredColumn, type MethodTitle, type TableLayout } from "./pivot";
export { published, publishedTable, type PublishedId, type PublishedLink } from "./published/published";
export { scorecardFigure, scorecardTable } from "./scorecard";
export { seedTable } from "./seeds";
export {
  accuracyBars,
  byDomain,
  chainLayout,
  only,
  rlCurves,
  sftCurves,
  SIMILARITY,
  similarityBars,
  similarityPoints,
  STANDARD_COLUMNS,
  standardTable,
  type Results,
} from "./standard";
export { componentsFigure, curationTable, pairTable, recordTable, separabilityFigure } from "./steps";
export type { ShownState } from "./steps";
