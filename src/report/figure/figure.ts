/** What JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A chart as plain plotly.js JSON: interactive in a notebook and on a page, an image on paper. */
export interface PlotlyFigure {
  readonly data: readonly JsonObject[];
  readonly layout: JsonObject;
}

/** A picture drawn as SVG, such as a strip of images. */
export interface DrawnFigure {
  readonly title: string;
  readonly svg: string;
}

export type Figure = PlotlyFigure | DrawnFigure;

export function isDrawn(figure: Figure): figure is DrawnFigure {
  return "svg" in figure;
}
