using System.Numerics;

namespace Mfn.Core.Simulation;

/// <summary>
/// Lends the arrays of fields. The system takes longer to provide a run's memory than a small run to compute, so arrays that come back are kept
/// for the next run of about the same size: at most 64 MiB, in at most 256 arrays, for each type of cell.
/// </summary>
internal static class CellMemory<T>
    where T : unmanaged
{
    private const long MostBytesKept = 64 << 20;

    // One size in so many from a power of two to the next, so that a run finds an array that one of about its size has left.
    private const int SizesPerOctave = 8;
    private const int MostArraysKept = 256;

    private static readonly Lock Lock = new();
    private static readonly LinkedList<T[]> Kept = [];
    private static long _bytesKept;

    /// <summary>The bytes that are kept for the next run.</summary>
    public static long BytesKept
    {
        get
        {
            lock (Lock)
            {
                return _bytesKept;
            }
        }
    }

    /// <summary>An array that stays where it is, of the length or up to an eighth longer. Its contents are zeros, or cells of a run before.</summary>
    public static T[] Rent(int length)
    {
        length = RoundUp(length);
        lock (Lock)
        {
            for (var node = Kept.Last; node is not null; node = node.Previous)
            {
                if (node.Value.Length == length)
                {
                    Forget(node);
                    return node.Value;
                }
            }
        }

        return GC.AllocateArray<T>(length, pinned: true);
    }

    /// <summary>Takes back an array that nobody uses any more; those that came back longest ago give way.</summary>
    public static void Return(T[] array)
    {
        lock (Lock)
        {
            Kept.AddLast(array);
            _bytesKept += Buffer.ByteLength(array);
            while (_bytesKept > MostBytesKept || Kept.Count > MostArraysKept)
            {
                Forget(Kept.First!);
            }
        }
    }

    /// <summary>Keeps none of them any longer.</summary>
    public static void LetGo()
    {
        lock (Lock)
        {
            Kept.Clear();
            _bytesKept = 0;
        }
    }

    private static int RoundUp(int length)
    {
        var unit = Math.Max(1, (int)(BitOperations.RoundUpToPowerOf2((uint)length) / 2 / SizesPerOctave));
        return (int)Math.Min(Array.MaxLength, ((long)length + unit - 1) / unit * unit);
    }

    private static void Forget(LinkedListNode<T[]> node)
    {
        Kept.Remove(node);
        _bytesKept -= Buffer.ByteLength(node.Value);
    }
}
