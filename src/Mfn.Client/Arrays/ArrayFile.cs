using Mfn.Client.Files;

namespace Mfn.Client.Arrays;

/// <summary>
/// Where an array is read from: a file, a pipe, or standard input, and within it perhaps a member: <c>file.npz:member</c>. What reads it keeps it.
/// </summary>
internal sealed class ArrayFile : IDisposable
{
    /// <summary>Stands for standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>The most cells that an array may have.</summary>
    public const long MostCells = 1L << 32;

    private const int PrefixLength = 8;

    private readonly List<IDisposable> _owned = [];
    private readonly byte[] _prefix = new byte[PrefixLength];

    private ArrayFile(string name, string? member, Stream stream)
    {
        (Name, Member, Stream) = (name, member, stream);
        _owned.Add(stream);
        PrefixCount = stream.ReadAtLeast(_prefix, PrefixLength, throwOnEndOfStream: false);
    }

    /// <summary>What messages call it.</summary>
    public string Name { get; }

    /// <summary>What the caller named behind the file, if anything.</summary>
    public string? Member { get; }

    /// <summary>The content behind <see cref="Prefix"/>.</summary>
    public Stream Stream { get; }

    /// <summary>The first bytes; fewer than 8 if there are no more.</summary>
    public ReadOnlySpan<byte> Prefix => _prefix.AsSpan(0, PrefixCount);

    private int PrefixCount { get; }

    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="InvalidDataException">It is a folder.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ArrayFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (path == StandardInput)
        {
            return new ArrayFile("Standard input", null, StandardStreams.OpenInput());
        }

        StandardStreams.RequireOpen(path);
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"'{path}' cannot be used: it is a folder.");
        }

        var colon = path.LastIndexOf(':');
        var (file, member) = colon > 0 && !File.Exists(path) && File.Exists(path[..colon]) ? (path[..colon], path[(colon + 1)..]) : (path, null);
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read);
        try
        {
            return new ArrayFile($"'{path}'", member, stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Disposes something with the file.</summary>
    public T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public InvalidDataException Refuse(string reason, Exception? cause = null) => new($"{Name} cannot be used: {reason}", cause);

    /// <exception cref="InvalidDataException">There are fewer or more bytes of data than needed.</exception>
    public void RequireLength(long needed, long actual)
    {
        if (needed != actual)
        {
            throw Refuse($"its shape needs {needed} bytes of data, but there are {actual}.");
        }
    }

    /// <summary>How many cells an array of the shape has.</summary>
    /// <exception cref="InvalidDataException">More than any may have.</exception>
    public long CountCells(IReadOnlyList<long> shape, string whose = "its shape")
    {
        var count = shape.Aggregate(UInt128.One, (product, extent) => product > ulong.MaxValue ? product : product * (ulong)extent);
        if (shape.Contains(0))
        {
            return 0;
        }

        if (count > MostCells || shape.Any(extent => extent > int.MaxValue))
        {
            throw Refuse($"{whose} ({string.Join(", ", shape)}) has more cells than the {MostCells} that an array may have, or more than {int.MaxValue} along one axis.");
        }

        return (long)count;
    }

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }
    }
}
