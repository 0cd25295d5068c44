namespace Mfn.Core.Vectors;

/// <summary>
/// A hardware vector of one width, with the operations that the kernels need: a kernel is written once and compiled for each width. Lane by
/// lane, every operation gives the same bits at every width.
/// </summary>
/// <typeparam name="TSelf">The vector.</typeparam>
/// <typeparam name="T">Its lanes: double or float, or int for what needs no fraction.</typeparam>
internal interface IVector<TSelf, T>
    where TSelf : struct, IVector<TSelf, T>
    where T : unmanaged
{
    /// <summary>The number of lanes.</summary>
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf One { get; }

    /// <summary>0, 1, 2 and so on.</summary>
    static abstract TSelf Indices { get; }

    /// <summary>The value in every lane.</summary>
    static abstract TSelf Create(T value);

    /// <summary>The values that begin <paramref name="offset"/> after a reference. Nothing is checked.</summary>
    static abstract TSelf Load(ref T source, nuint offset);

    /// <summary>Writes the lanes <paramref name="offset"/> after a reference. Nothing is checked.</summary>
    static abstract void Store(TSelf value, ref T destination, nuint offset);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    static abstract TSelf operator &(TSelf left, TSelf right);

    static abstract TSelf operator |(TSelf left, TSelf right);

    /// <summary>The product plus a third value, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary>The smaller of two integers.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>The larger of two integers.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>All bits where left is greater; none where a lane is NaN.</summary>
    static abstract TSelf IsGreater(TSelf left, TSelf right);

    /// <summary>All bits where the lanes differ, or one is NaN.</summary>
    static abstract TSelf IsDifferent(TSelf left, TSelf right);

    /// <summary>The first value where the mask is set, else the second.</summary>
    static abstract TSelf Select(TSelf mask, TSelf ifSet, TSelf otherwise);

    /// <summary>The nearest value in a range; NaN stays NaN, and so does the sign of zero.</summary>
    static abstract TSelf Clip(TSelf value, TSelf lowest, TSelf highest);

    /// <summary>The sum, to which the value is added where left is greater than right.</summary>
    static abstract TSelf AddWhereGreater(TSelf sum, TSelf value, TSelf left, TSelf right);

    /// <summary>Adds one to a lane's integer where left is greater than right.</summary>
    static abstract TSelf CountGreater(TSelf counts, TSelf left, TSelf right);

    /// <summary>Adds one to a lane's integer where the lanes differ, or one is NaN.</summary>
    static abstract TSelf CountDifferent(TSelf counts, TSelf left, TSelf right);

    /// <summary>Adds one to a lane's integer where the mask is set.</summary>
    static abstract TSelf CountSet(TSelf counts, TSelf mask);

    /// <summary>The sum of the lanes' integers.</summary>
    static abstract long SumCounts(TSelf counts);

    /// <summary>Whether none of the values whose bits were combined by <c>|</c> was NaN, given that all others lie within (-2, 2).</summary>
    static abstract bool IsBelowTwo(TSelf bits);

    /// <summary>The vector with another value in its first lane.</summary>
    static abstract TSelf WithFirst(TSelf vector, T value);

    /// <summary>The lanes of a row one to the left of a vector, of which the vector before it in the row has the first.</summary>
    static abstract TSelf Before(TSelf previous, TSelf here);

    /// <summary>The lanes of a row one to the right of a vector, of which the vector after it in the row has the last.</summary>
    static abstract TSelf After(TSelf here, TSelf next);

    /// <summary>All bits where a lane's integer does not have the given bit.</summary>
    static abstract TSelf LacksBit(TSelf integers, int bit);

    /// <summary>Writes the transpose of a square of as many rows as there are lanes elsewhere. Nothing is checked.</summary>
    /// <param name="source">The first row's first value.</param>
    /// <param name="sourceStride">The values from one row to the next.</param>
    /// <param name="destination">Where the first row of the transpose goes.</param>
    /// <param name="destinationStride">The values from there to the next.</param>
    static abstract void Transpose(ref T source, nint sourceStride, ref T destination, nint destinationStride);
}
