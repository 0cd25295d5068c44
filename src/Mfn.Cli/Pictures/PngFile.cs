using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mfn.Client.Files;

namespace Mfn.Cli.Pictures;

/// <summary>Writes pictures as PNG files with a palette, and texts about them.</summary>
/// <remarks>The format: https://www.w3.org/TR/png-3/</remarks>
internal static class PngFile
{
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(i => CrcOf((uint)i))];

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>
    /// Writes a picture with texts by their keywords, both in Latin-1; a keyword has 1 to 79 characters. A file that was there is replaced only once
    /// the new one is complete.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, Picture picture, IEnumerable<(string Keyword, string Text)> texts)
    {
        using var file = new MemoryStream();
        WriteHead(file, picture.RowCount, picture.ColumnCount);
        WriteTexts(file, texts);
        WriteChunk(file, "IDAT", Compress(picture));
        WriteChunk(file, "IEND", []);

        FileReplacement.Write(path, file.GetBuffer().AsSpan(0, (int)file.Length), []);
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
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Continue(Continue(uint.MaxValue, name), content));
        file.Write(number);
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

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint CrcOf(uint value)
    {
        const uint Polynomial = 0xEDB88320;
        for (var bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ Polynomial;
        }

        return value;
    }
}
