namespace Mfn.Core.Aggregation.Updates;

/// <summary>
/// The vectors of n updates, wherever they are: read in pieces, any number of times, and by several threads at once, so that they never
/// need to be in memory together. What is read must not change.
/// </summary>
public interface IUpdateSource
{
    /// <summary>n, the number of vectors.</summary>
    int Count { get; }

    /// <summary>The number of components of every vector.</summary>
    int Length { get; }

    /// <summary>Copies components of a vector, as many as fit, from the given one on.</summary>
    void Read(int update, int start, Span<float> destination);
}
