import { describe } from "../../miniworld/attributes";
import type { MiniWorld } from "../../miniworld/types";
import type { SubCategory, Triplet } from "../../data/types";
import type { CaptionedImage } from "../figure/strip";

/** Pictures of a class and of all others of its genus, a row per class: what differs within and between classes. */
export async function genusSheet(world: MiniWorld, of: SubCategory, perClass: number): Promise<CaptionedImage[]> {
  const members = world.genusMembers(of);
  const pictures = members.flatMap((member) =>
    Array.from({ length: perClass }, (_, index) => ({ member, index, picture: world.picture(member, "weak", index) })),
  );
  return Promise.all(
    pictures.map(async ({ member, index, picture }) => ({
      image: await picture.load(),
      heading: index === 0 ? `${member.name} (${member.seen ? "seen" : "unseen"})` : " ",
      caption: index === 0 ? describe(member.attributes) : " ",
    })),
  );
}

/** The three pictures of a triplet with the names of their classes. */
export async function tripletPictures(world: MiniWorld, triplet: Triplet): Promise<CaptionedImage[]> {
  const shown = (["anchor", "positive", "negative"] as const).map(async (which) => {
    const picture = triplet[which];
    const { subCategory } = picture;
    const caption = `${subCategory.name}: ${describe(world.attributesOf(subCategory))}`;
    return { image: await picture.load(), heading: which, caption };
  });
  return Promise.all(shown);
}
