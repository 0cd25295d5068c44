using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;

namespace Mfn.Server.Pictures;

/// <summary>Writes pictures as PNG files with a palette, and texts about them.</summary>
/// <remarks>The format: https://www.w3.org/TR/png-3/</remarks>
public static class PngFile
{
    // A chunk's length and type before its content, and its checksum behind it.
    private const int ChunkHead = 2 * sizeof(uint);

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes a picture with texts by their keywords, both in Latin-1; a keyword has 1 to 79 characters.</summary>
    public static void Write(Stream file, Picture picture, IEnumerable<(string Keyword, string Text)> texts)
    {
        ArgumentNullException.ThrowIfNull(picture);
        WriteHead(file, picture.RowCount, picture.ColumnCount);
        WriteTexts(file, texts);
        WriteChunk(file, "IDAT", Compress(picture));
        WriteChunk(file, "IEND", []);
    }

    /// <summary>Writes what every file begins with: its signature, the size of the picture, and the palette.</summary>
    public static void WriteHead(Stream file, int rowCount, int columnCount)
    {
        const byte BitDepth = 8;
        const byte PaletteColor = 3;
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, columnCount);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), rowCount);
        header[8] = BitDepth;
        header[9] = PaletteColor;
        file.Write(Signature);
        WriteChunk(file, "IHDR", header);
        WriteChunk(file, "PLTE", Palette());
    }

    /// <summary>Writes texts by their keywords, both in Latin-1; a keyword has 1 to 79 characters.</summary>
    public static void WriteTexts(Stream file, IEnumerable<(string Keyword, string Text)> texts)
    {
        foreach (var (keyword, text) in texts)
        {
            WriteChunk(file, "tEXt", Encoding.Latin1.GetBytes($"{keyword}\0{text}"));
        }
    }

    /// <summary>Writes a chunk: its length, its type of four letters, its content, its checksum.</summary>
    public static void WriteChunk(Stream file, string type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        file.Write(number);
        var name = Encoding.ASCII.GetBytes(type);
        file.Write(name);
        file.Write(content);
        var crc = new Crc32();
        crc.Append(name);
        crc.Append(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        file.Write(number);
    }

    /// <summary>What is wrong with the chunks of a PNG file, in words; null for nothing, or a file of another kind.</summary>
    public static string? FindDamage(ReadOnlySpan<byte> file)
    {
        if (!file.StartsWith(Signature))
        {
            return null;
        }

        for (var rest = file[Signature.Length..]; rest.Length >= ChunkHead + sizeof(uint);)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            if (length > rest.Length - ChunkHead - sizeof(uint))
            {
                break;
            }

            var checkedPart = rest.Slice(sizeof(uint), sizeof(uint) + (int)length);
            var type = Encoding.Latin1.GetString(checkedPart[..sizeof(uint)]);
            var (expected, actual) = (BinaryPrimitives.ReadUInt32BigEndian(rest[(ChunkHead + (int)length)..]), Crc32.HashToUInt32(checkedPart));
            if (actual != expected)
            {
                return $"the checksum of its chunk {type} must be {expected:X8}, but is {actual:X8}";
            }

            if (type == "IEND")
            {
                return null;
            }

            rest = rest[(ChunkHead + (int)length + sizeof(uint))..];
        }

        return "it is cut off";
    }

    /// <summary>The pixels of a picture as a chunk has them.</summary>
    public static byte[] Compress(Picture picture)
    {
        using var destination = new MemoryStream();
        using (var stream = new ZLibStream(destination, CompressionLevel.Fastest))
        {
            for (var row = 0; row < picture.RowCount; row++)
            {
                // Each line begins with its filter: 0 for none.
                stream.WriteByte(0);
                stream.Write(picture.Row(row));
            }
        }

        return destination.ToArray();
    }

    private static byte[] Palette()
    {
        var palette = new byte[3 * (byte.MaxValue + 1)];
        for (var i = 0; i <= byte.MaxValue; i++)
        {
            (palette[3 * i], palette[(3 * i) + 1], palette[(3 * i) + 2]) = Picture.ColorOf((byte)i);
        }

        return palette;
    }
}
