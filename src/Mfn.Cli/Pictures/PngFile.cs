using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Mfn.Client.Files;

namespace Mfn.Cli.Pictures;

/// <summary>Writes fields as PNG pictures in the colours of <see cref="ColorMap"/>, a pixel a cell.</summary>
/// <remarks>The format: https://www.w3.org/TR/png-3/</remarks>
internal static class PngFile
{
    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(i => CrcOf((uint)i))];

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Writes a row-major field. A file that was there is replaced only once the new one is complete.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<double> volts, int rowCount, int columnCount, ColorRange range)
    {
        using var picture = new MemoryStream();
        picture.Write(Signature);
        WriteChunk(picture, "IHDR", Header(rowCount, columnCount));
        WriteChunk(picture, "PLTE", Palette());
        WriteChunk(picture, "IDAT", Pixels(volts, rowCount, columnCount, range));
        WriteChunk(picture, "IEND", []);

        FileReplacement.Write(path, picture.GetBuffer().AsSpan(0, (int)picture.Length), []);
    }

    private static byte[] Header(int rowCount, int columnCount)
    {
        const byte BitDepth = 8;
        const byte PaletteColor = 3;
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, columnCount);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), rowCount);
        header[8] = BitDepth;
        header[9] = PaletteColor;
        return header;
    }

    private static byte[] Palette()
    {
        var palette = new byte[3 * ColorMap.Count];
        for (var i = 0; i < ColorMap.Count; i++)
        {
            (palette[3 * i], palette[(3 * i) + 1], palette[(3 * i) + 2]) = ColorMap.Of((byte)i);
        }

        return palette;
    }

    private static byte[] Pixels(ReadOnlySpan<double> volts, int rowCount, int columnCount, ColorRange range)
    {
        using var destination = new MemoryStream();
        using (var stream = new ZLibStream(destination, CompressionLevel.Fastest))
        {
            // The first byte of a line names its filter: 0 for none.
            var line = new byte[1 + columnCount];
            for (var row = 0; row < rowCount; row++)
            {
                for (var column = 0; column < columnCount; column++)
                {
                    line[1 + column] = range.Level(volts[(row * columnCount) + column]);
                }

                stream.Write(line);
            }
        }

        return destination.ToArray();
    }

    private static void WriteChunk(MemoryStream picture, string type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        picture.Write(number);
        var start = (int)picture.Length;
        picture.Write(Encoding.ASCII.GetBytes(type));
        picture.Write(content);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(picture.GetBuffer().AsSpan(start, (int)picture.Length - start)));
        picture.Write(number);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
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
