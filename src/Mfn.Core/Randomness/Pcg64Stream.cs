using System.Numerics;
using System.Runtime.CompilerServices;

namespace Mfn.Core.Randomness;

/// <summary>
/// The 64-bit draws of PCG-XSL-RR 128/64. A value: a loop that draws much works on a copy, which stays in registers, and stores it back.
/// </summary>
internal struct Pcg64Stream(UInt128 state, UInt128 increment)
{
    private const ulong MultiplierHigh = 0x2360ED051FC65DA4;
    private const ulong MultiplierLow = 0x4385DF649FCCF645;

    private readonly ulong _incrementHigh = (ulong)(increment >> 64);
    private readonly ulong _incrementLow = (ulong)increment;
    private ulong _high = (ulong)(state >> 64);
    private ulong _low = (ulong)state;

    /// <summary>The 128-bit state before the next draw.</summary>
    public readonly UInt128 State => new(_high, _low);

    /// <summary>The 128-bit stream constant.</summary>
    public readonly UInt128 Increment => new(_incrementHigh, _incrementLow);

    /// <summary>Draws 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Next()
    {
        Advance();
        return BitOperations.RotateRight(_high ^ _low, (int)(_high >> 58));
    }

    /// <summary>state · multiplier + increment modulo 2^128, in halves of 64 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance()
    {
        var high = Math.BigMul(_low, MultiplierLow, out var low) + (_high * MultiplierLow) + (_low * MultiplierHigh);
        _low = low + _incrementLow;
        var carry = _low < low ? 1UL : 0UL;
        _high = high + _incrementHigh + carry;
    }
}
