/** What JSON can hold. */
export type FigureJson = string | number | boolean | null | readonly FigureJson[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: FigureJson;
}

export function isList(value: FigureJson): value is readonly FigureJson[] {
  return Array.isArray(value);
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
