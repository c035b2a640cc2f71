/**
 * Records of the shape of the released stage-1 file, written for these tests. Each chain has one of the forms in which
 * the release's teacher leaves its stages: the release has no tags inside `<think>`, only these marks in prose.
 */
const SYSTEM = "A conversation between User and Assistant. The assistant thinks first, then answers.";

function record(image: string, question: string, thinking: string, answer: string): unknown {
  return {
    messages: [
      { role: "system", content: SYSTEM },
      { role: "user", content: `<image>${question}` },
      { role: "assistant", content: `<think> ${thinking}</think>\n\n<answer>${answer}</answer>` },
    ],
    images: [image],
  };
}

/** Candidates twice: under a heading with notes, then behind the mark, in one line. The last one counts. */
const MARK_WITH_ONE_LINE = `Analysis of Visual Features:
1. Bill: short and thick.
2. Wings: two white bars.

 Candidate Subcategories:
Here are four:

- Marsh Lark: a bird of wet meadows.
- Hill Lark
- Sand Lark
- Crag Lark

 Comparison Process:
The bars leave two.
The analysis of candidate subcategories: 
Marsh Lark, Hill Lark, Sand Lark, Crag Lark

The Marsh Lark fits best, by its bill.
The prediction is: The bird is the Marsh Lark.`;

/** No candidate at all: the teacher says that the picture shows something else. */
const MARK_WITHOUT_LIST = `The picture shows a radio, not a boat.

The analysis of candidate subcategories: 
Since there is no boat in the picture, there are no candidate subcategories of boats that could be named here.


No comparison is possible.

The prediction is: It is not a boat but a radio.
`;

/** Numbered names with notes below them, and the gap of two empty lines before the comparison. */
const NUMBERED_WITH_NOTES = `The fin is tall.

The analysis of candidate subcategories: 
Given these features, the following are considered:

1. Kestrel 40 (long body):
   - Known for its tall fin.
   - Two engines.

2. Kestrel 60 - the longer sister.

3. Heron 7: an older type.



- The Kestrel 40 has the tall fin; the Heron 7 has not.

The prediction is: Kestrel 40`;

/** No mark, only a heading; the list ends at an empty line and a heading. */
const HEADING_ONLY = `A white coat and small ears.

 Candidate Subcategories:
The dog could be one of:
- Snow Terrier (Snowy)
- Lap Hound

 Comparison Process:
 1. Snow Terrier (Snowy):
   - Coat: white.

 Predicted Subcategory:
The prediction is: Snow Terrier`;

export const RELEASED_FIXTURE: readonly unknown[] = [
  record("birds/001.jpg", "Which bird is this?", MARK_WITH_ONE_LINE, "Marsh Lark"),
  record("boats/002.jpg", "Which boat is this?", MARK_WITHOUT_LIST, "CR-20"),
  record("planes/003.jpg", "Which aeroplane is this?", NUMBERED_WITH_NOTES, "2012 Kestrel 40"),
  record("dogs/004.jpg", "Which dog is this?", HEADING_ONLY, "Snow Terrier"),
];
