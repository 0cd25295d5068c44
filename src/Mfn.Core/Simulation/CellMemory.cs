namespace Mfn.Core.Simulation;

/// <summary>
/// Lends the arrays of fields. The system takes longer to provide a run's memory than a small run to compute, so arrays that come back are kept
/// for the next run of the same size: at most 64 MiB, in at most 256 arrays, for each type of cell.
/// </summary>
internal static class CellMemory<T>
    where T : unmanaged
{
    private const long MostBytesKept = 64 << 20;
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

    /// <summary>An array that stays where it is. Its contents are zeros, or cells of a run before.</summary>
    public static T[] Rent(int length)
    {
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

    private static void Forget(LinkedListNode<T[]> node)
    {
        Kept.Remove(node);
        _bytesKept -= Buffer.ByteLength(node.Value);
    }
}
