namespace Mfn.Core.Aggregation;

/// <summary>Lanes of one width; whatever the width, lane l of the result depends only on lanes l of the operands.</summary>
internal interface ILaneRegister<TSelf, T>
    where TSelf : struct, ILaneRegister<TSelf, T>
    where T : unmanaged
{
    static abstract int Count { get; }

    static abstract TSelf Load(ref readonly T source, nuint offset);

    /// <summary>Stores the lanes.</summary>
    void CopyTo(Span<T> destination);

    /// <summary>These lanes plus (left - right)², where the difference is rounded and then the whole.</summary>
    TSelf PlusSquare(TSelf left, TSelf right);
}
