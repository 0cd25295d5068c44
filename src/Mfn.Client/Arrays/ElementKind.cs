namespace Mfn.Client.Arrays;

/// <summary>What the bits of an element of a foreign array stand for.</summary>
internal enum ElementKind
{
    /// <summary>A byte; 0 is false, which is read as 0, and everything else true, 1.</summary>
    Bool,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Float16,

    /// <summary>The upper half of a <see cref="Float32"/>.</summary>
    BFloat16,
    Float32,
    Float64,
}
