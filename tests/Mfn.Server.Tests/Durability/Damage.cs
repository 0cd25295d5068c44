namespace Mfn.Server.Tests.Durability;

/// <summary>One thing that happens to one file of a run.</summary>
/// <param name="Kind">What.</param>
/// <param name="File">Its path in the data directory.</param>
/// <param name="Offset">Where; not beyond the file's end.</param>
/// <param name="Seed">Of what else it takes.</param>
internal sealed record Damage(DamagedFile Kind, string File, int Offset, int Seed)
{
    /// <summary>The kinds that happen at an offset.</summary>
    public static IReadOnlyList<DamagedFile> KindsAtAnOffset { get; } =
    [
        DamagedFile.Insert, DamagedFile.Delete, DamagedFile.Truncate, DamagedFile.Zero, DamagedFile.Duplicate, DamagedFile.Flip, DamagedFile.Swap,
    ];

    /// <summary>Does it; what is returned keeps it so.</summary>
    /// <param name="data">The data directory.</param>
    /// <param name="older">The same some time ago, without damage.</param>
    public IDisposable? ApplyTo(string data, string older)
    {
        var path = Path.Combine(data, File);
        var aside = Path.Combine(data, "aside");
        switch (Kind)
        {
            case DamagedFile.OlderCopy:
                var copy = Path.Combine(older, File);
                if (System.IO.File.Exists(copy))
                {
                    System.IO.File.Copy(copy, path, overwrite: true);
                }
                else
                {
                    System.IO.File.Delete(path);
                }

                return null;
            case DamagedFile.Missing:
                System.IO.File.Delete(path);
                return null;
            case DamagedFile.Empty:
                System.IO.File.WriteAllBytes(path, []);
                return null;
            case DamagedFile.Folder:
                System.IO.File.Delete(path);
                Directory.CreateDirectory(path);
                return null;
            case DamagedFile.Link:
                System.IO.File.Move(path, aside);
                System.IO.File.CreateSymbolicLink(path, aside);
                return null;
            case DamagedFile.DanglingLink:
                System.IO.File.Delete(path);
                System.IO.File.CreateSymbolicLink(path, "nowhere");
                return null;
            case DamagedFile.Locked:
                return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            default:
                System.IO.File.WriteAllBytes(path, Change(System.IO.File.ReadAllBytes(path)));
                return null;
        }
    }

    private byte[] Change(byte[] bytes)
    {
        var random = new Random(Seed);
        var length = Math.Min(random.Next(3) == 0 ? random.Next(1, 600) : random.Next(1, 20), bytes.Length - Offset);
        var end = Offset + length;
        var range = bytes[Offset..end];
        switch (Kind)
        {
            case DamagedFile.Insert:
                var inserted = new byte[Math.Max(length, 1)];
                if (random.Next(2) == 0)
                {
                    random.NextBytes(inserted);
                }

                return [.. bytes[..Offset], .. inserted, .. bytes[Offset..]];
            case DamagedFile.Delete:
                return [.. bytes[..Offset], .. bytes[end..]];
            case DamagedFile.Truncate:
                return bytes[..Offset];
            case DamagedFile.Zero:
                return [.. bytes[..Offset], .. new byte[length], .. bytes[end..]];
            case DamagedFile.Duplicate:
                return [.. bytes[..end], .. bytes[Offset..]];
            case DamagedFile.Flip:
                var at = Math.Min(Offset, bytes.Length - 1);
                bytes[at] ^= (byte)(1 << random.Next(8));
                return bytes;
            default:
                var other = random.Next(bytes.Length - length + 1);
                var there = bytes[other..(other + length)];
                range.CopyTo(bytes, other);
                there.CopyTo(bytes, Offset);
                return bytes;
        }
    }
}
