// The kinds of figures by name.

export const SKELETON = "skeleton";
export const AVATAR = "avatar";
