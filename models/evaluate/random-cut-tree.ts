const NONE = -1;

/**
 * One tree of a random cut forest over points of `dims` values, of which it holds at most `capacity`.
 *
 * A cut is drawn at each node with a chance in proportion to the side that it cuts, so a point far out is parted from
 * the others near the root. Points may be taken in and given up at any time; the tree is then one that could have been
 * drawn from the points it holds. Equal points share a leaf.
 *
 * Cost: O(depth × dims) for each of the three operations.
 * Source: Guha, Mishra, Roy, Schrijvers (2016), algorithms InsertPoint and ForgetPoint.
 */
export class RandomCutTree {
  readonly #dims: number;
  readonly #random: () => number;
  /** Inner nodes come first, then leaves: leaf of place p is node `capacity + p`. */
  readonly #capacity: number;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #parent: Int32Array;
  readonly #cutDim: Uint16Array;
  readonly #cutAt: Float32Array;
  readonly #mass: Uint32Array;
  /** Boxes of inner nodes and points of leaves: least values, then greatest ones. */
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  /** Sum of the sides of each box. */
  readonly #sides: Float64Array;
  readonly #freeInner: number[] = [];
  readonly #freeLeaf: number[] = [];
  #root = NONE;

  constructor(capacity: number, dims: number, random: () => number) {
    this.#capacity = capacity;
    this.#dims = dims;
    this.#random = random;
    const nodes = 2 * capacity;
    this.#left = new Int32Array(capacity);
    this.#right = new Int32Array(capacity);
    this.#cutDim = new Uint16Array(capacity);
    this.#cutAt = new Float32Array(capacity);
    this.#parent = new Int32Array(nodes).fill(NONE);
    this.#mass = new Uint32Array(nodes);
    this.#low = new Float32Array(nodes * dims);
    this.#high = new Float32Array(nodes * dims);
    this.#sides = new Float64Array(nodes);
    for (let i = capacity - 1; i >= 0; i--) {
      this.#freeInner.push(i);
      this.#freeLeaf.push(capacity + i);
    }
  }

  /** Points held, equal ones counted each. */
  get mass(): number {
    return this.#root === NONE ? 0 : (this.#mass[this.#root] as number);
  }

  /** Takes a point in and returns its leaf, to be given to `remove`. The tree must have room. */
  insert(point: Float32Array): number {
    let node = this.#root;
    if (node === NONE) {
      this.#root = this.#newLeaf(point);
      return this.#root;
    }
    for (;;) {
      if (this.#isLeaf(node) && this.#holds(node, point)) return this.#again(node);
      const above = this.#cutAbove(node, point);
      if (above >= 0) return this.#split(node, above, point);
      node = this.#childFor(node, point);
    }
  }

  /** Gives up one point of a leaf. */
  remove(leaf: number): void {
    const parent = this.#parent[leaf] as number;
    this.#mass[leaf] = (this.#mass[leaf] as number) - 1;
    const isEmpty = this.#mass[leaf] === 0;
    for (let node = parent; node !== NONE; node = this.#parent[node] as number) {
      this.#mass[node] = (this.#mass[node] as number) - 1;
    }
    if (!isEmpty) return;
    this.#freeLeaf.push(leaf);
    if (parent === NONE) {
      this.#root = NONE;
      return;
    }
    const sibling = (this.#left[parent] === leaf ? this.#right : this.#left)[parent] as number;
    const grand = this.#parent[parent] as number;
    this.#replace(parent, sibling);
    this.#freeInner.push(parent);
    for (let node = grand; node !== NONE; node = this.#parent[node] as number) this.#bound(node);
  }

  /**
   * Scores a point by how soon it would be parted from the points held, without taking it in: about 1 for a usual
   * one, more the farther out it is; 0 for an empty tree.
   *
   * Source: the score of Amazon's implementation of the paper: 1 / (depth + 1) where the point is parted, less where
   * it meets equal ones, expected over the cut that would be drawn, times log2 of the mass.
   */
  score(point: Float32Array): number {
    if (this.#root === NONE) return 0;
    let node = this.#root;
    let depth = 0;
    while (!this.#isLeaf(node)) {
      node = this.#childFor(node, point);
      depth += 1;
    }
    const { mass } = this;
    let score = 1 / (depth + 1);
    if (this.#holds(node, point)) {
      const here = this.#mass[node] as number;
      score = (1 - here / (2 * mass)) / (depth + Math.log2(here + 1));
      return score * Math.log2(mass + 1);
    }
    for (node = this.#parent[node] as number; node !== NONE; node = this.#parent[node] as number) {
      depth -= 1;
      const outside = this.#outside(node, point);
      if (outside === 0) break;
      const parted = outside / (outside + (this.#sides[node] as number));
      score = parted / (depth + 1) + (1 - parted) * score;
    }
    return score * Math.log2(mass + 1);
  }

  #isLeaf(node: number): boolean {
    return node >= this.#capacity;
  }

  #holds(leaf: number, point: Float32Array): boolean {
    const at = leaf * this.#dims;
    for (let d = 0; d < this.#dims; d++) if (this.#low[at + d] !== point[d]) return false;
    return true;
  }

  #again(leaf: number): number {
    for (let node = leaf; node !== NONE; node = this.#parent[node] as number) {
      this.#mass[node] = (this.#mass[node] as number) + 1;
    }
    return leaf;
  }

  /** How far a node's box must be stretched to hold a point, over all dimensions. */
  #outside(node: number, point: Float32Array): number {
    // Locals: reading a field for each dimension costs more than the rest.
    const dims = this.#dims;
    const low = this.#low;
    const high = this.#high;
    const at = node * dims;
    let outside = 0;
    for (let d = 0; d < dims; d++) {
      const value = point[d] as number;
      const least = low[at + d] as number;
      const most = high[at + d] as number;
      if (value < least) outside += least - value;
      else if (value > most) outside += value - most;
    }
    return outside;
  }

  /** Draws a cut of the stretched box; returns its dimension when it parts the point from the node, else -1. */
  #cutAbove(node: number, point: Float32Array): number {
    const outside = this.#outside(node, point);
    if (outside === 0) return NONE;
    const drawn = this.#random() * (outside + (this.#sides[node] as number));
    return drawn < outside ? this.#dimAt(node, point, drawn) : NONE;
  }

  /** The dimension in which a length along all stretches lies. */
  #dimAt(node: number, point: Float32Array, length: number): number {
    const at = node * this.#dims;
    let left = length;
    let last = NONE;
    for (let d = 0; d < this.#dims; d++) {
      const value = point[d] as number;
      const below = (this.#low[at + d] as number) - value;
      const above = value - (this.#high[at + d] as number);
      const stretch = Math.max(0, below, above);
      if (stretch === 0) continue;
      last = d;
      if (left < stretch) return d;
      left -= stretch;
    }
    return last;
  }

  #split(node: number, dim: number, point: Float32Array): number {
    const parent = this.#parent[node] as number;
    const leaf = this.#newLeaf(point);
    const inner = this.#freeInner.pop() as number;
    const at = node * this.#dims + dim;
    const value = point[dim] as number;
    const isLow = value < (this.#low[at] as number);
    const from = isLow ? value : (this.#high[at] as number);
    const to = isLow ? (this.#low[at] as number) : value;
    // At or below the cut is left; rounding must not put both on one side.
    const cut = Math.fround(from + this.#random() * (to - from));
    this.#cutAt[inner] = cut < to ? cut : from;
    this.#cutDim[inner] = dim;
    this.#left[inner] = isLow ? leaf : node;
    this.#right[inner] = isLow ? node : leaf;
    this.#parent[leaf] = inner;
    this.#parent[inner] = parent;
    if (parent === NONE) this.#root = inner;
    else if (this.#left[parent] === node) this.#left[parent] = inner;
    else this.#right[parent] = inner;
    this.#parent[node] = inner;
    this.#mass[inner] = this.#mass[node] as number;
    this.#bound(inner);
    for (let above = inner; above !== NONE; above = this.#parent[above] as number) {
      this.#mass[above] = (this.#mass[above] as number) + 1;
      this.#stretch(above, point);
    }
    return leaf;
  }

  #childFor(node: number, point: Float32Array): number {
    const value = point[this.#cutDim[node] as number] as number;
    const side = value <= (this.#cutAt[node] as number) ? this.#left : this.#right;
    return side[node] as number;
  }

  #newLeaf(point: Float32Array): number {
    const leaf = this.#freeLeaf.pop() as number;
    this.#mass[leaf] = 1;
    this.#parent[leaf] = NONE;
    this.#low.set(point, leaf * this.#dims);
    this.#high.set(point, leaf * this.#dims);
    return leaf;
  }

  /** Puts a node where another was. */
  #replace(node: number, by: number): void {
    const parent = this.#parent[node] as number;
    this.#parent[by] = parent;
    if (parent === NONE) this.#root = by;
    else if (this.#left[parent] === node) this.#left[parent] = by;
    else this.#right[parent] = by;
  }

  #stretch(node: number, point: Float32Array): void {
    const at = node * this.#dims;
    let sides = 0;
    for (let d = 0; d < this.#dims; d++) {
      const low = Math.min(this.#low[at + d] as number, point[d] as number);
      const high = Math.max(this.#high[at + d] as number, point[d] as number);
      this.#low[at + d] = low;
      this.#high[at + d] = high;
      sides += high - low;
    }
    this.#sides[node] = sides;
  }

  /** Makes the box of an inner node that of its children. */
  #bound(node: number): void {
    const dims = this.#dims;
    const low = this.#low;
    const high = this.#high;
    const at = node * dims;
    const left = (this.#left[node] as number) * dims;
    const right = (this.#right[node] as number) * dims;
    let sides = 0;
    for (let d = 0; d < dims; d++) {
      const least = Math.min(low[left + d] as number, low[right + d] as number);
      const most = Math.max(high[left + d] as number, high[right + d] as number);
      low[at + d] = least;
      high[at + d] = most;
      sides += most - least;
    }
    this.#sides[node] = sides;
  }
}
