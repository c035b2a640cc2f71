import type { Progress } from "../../core/progress";
import { rasterizeSvgToJpeg } from "../../data/rasters";
import { figureSvg } from "../figure/export";
import { type Figure, type PlotlyFigure, isDrawn } from "../figure/figure";
import type { CurvesOptions } from "../figure/curves";
import { type CaptionedImage, type StripOptions, imageStrip } from "../figure/strip";
import { toHtml } from "../table/html";
import { toLatex } from "../table/latex";
import type { ResultTable } from "../table/table";
import { toText } from "../table/text";
import { type LiveCurves, growingCurves } from "./curves";
import { type Bundle, type DisplayWriter, type NotebookKernel, openPlace, tslabWriter } from "./kernel";
import { htmlProgress } from "./live";
import { curvesSketch } from "./sketch";
import type { HtmlView } from "./view";

/** What can be shown below a cell. */
export type Shown = ResultTable | Figure | HtmlView;

/** What a notebook shows with. */
export interface Notebook {
  /** Shows a table, a figure or a view below the cell; figures are interactive in JupyterLab, drawings everywhere else. */
  show(shown: Shown): Promise<void>;
  /** Shows pictures side by side with their captions. */
  showImages(pictures: readonly CaptionedImage[], options: StripOptions): Promise<void>;
  /** Progress bars in one display below the cell that calls this. */
  liveProgress(): Progress;
  /** Training curves that grow in one display below the cell that calls this. */
  liveCurves(options: CurvesOptions & { readonly only?: readonly string[] }): LiveCurves;
}

const PLOTLY = "application/vnd.plotly.v1+json";
const SVG = "image/svg+xml";
const JPEG = "image/jpeg";

/**
 * The displays of a notebook: `const lab = notebook(tslab)` after `import * as tslab from "tslab"`.
 * @param writer finds what sends several forms of one output; the default finds tslab's
 */
export function notebook(kernel: NotebookKernel, writer: () => DisplayWriter | undefined = tslabWriter): Notebook {
  const place = () => openPlace(kernel, writer);
  return {
    show: async (shown) => {
      place().send(await bundleOf(shown));
    },
    showImages: async (pictures, options) => {
      place().send(await figureBundle(await imageStrip(pictures, options)));
    },
    liveProgress: () => {
      const output = place();
      return htmlProgress((html) => {
        output.send({ "text/html": html });
      });
    },
    liveCurves: (options) => {
      const output = place();
      return growingCurves(
        options,
        (panels) => {
          output.send({ [SVG]: curvesSketch(panels, options) });
        },
        async (figure) => {
          output.send(await figureBundle(figure));
        },
      );
    },
  };
}

async function bundleOf(shown: Shown): Promise<Bundle> {
  if ("columns" in shown) return tableBundle(shown);
  return "html" in shown ? { "text/html": shown.html.source, "text/plain": shown.text } : figureBundle(shown);
}

/** The forms of a table; HTML first. */
function tableBundle(table: ResultTable): Bundle {
  return { "text/html": toHtml(table), "text/latex": toLatex(table), "text/plain": toText(table) };
}

/**
 * The forms of a figure: plotly's own for JupyterLab, an SVG drawing for everything else; of pictures a JPEG, too, since
 * JupyterLab shows no SVG of a notebook that its reader has not run.
 */
async function figureBundle(figure: Figure): Promise<Bundle> {
  const svg = await figureSvg(figure);
  const text = { "text/plain": "[figure]" };
  if (!isDrawn(figure)) return { [PLOTLY]: plotlyJson(figure), [SVG]: svg, ...text };
  return { [SVG]: svg, [JPEG]: (await rasterizeSvgToJpeg(svg)).toString("base64"), ...text };
}

function plotlyJson({ data, layout }: PlotlyFigure) {
  return { data, layout, config: { displaylogo: false } };
}
