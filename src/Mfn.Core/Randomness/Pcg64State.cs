namespace Mfn.Core.Randomness;

/// <summary>The whole state of a <see cref="Pcg64"/> generator; equal states give equal streams.</summary>
/// <param name="State">The 128-bit linear congruential state.</param>
/// <param name="Increment">The 128-bit stream constant; always odd.</param>
/// <param name="BufferedHalf">The unused upper half of the last 64-bit draw made for a 32-bit one, or none.</param>
public readonly record struct Pcg64State(UInt128 State, UInt128 Increment, uint? BufferedHalf);
