using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Mfn.Client.Files;

namespace Mfn.Client.Npy;

/// <summary>Writes arrays in numpy's NPY format, version 1.0.</summary>
/// <remarks>The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</remarks>
public static class NpyFile
{
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0];

    /// <summary>Writes a row-major array of doubles. A file that was there is replaced only once the new one is complete: <see cref="FileReplacement"/>.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the shape says.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<double> values, params ReadOnlySpan<int> shape) =>
        Write(path, ToLittleEndian(values), sizeof(double), shape);

    /// <summary>Writes a row-major array of single-precision numbers. A file that was there is replaced only once the new one is complete: <see cref="FileReplacement"/>.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the shape says.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteSingles(string path, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        Write(path, ToLittleEndian(values), sizeof(float), shape);

    private static void Write(string path, ReadOnlySpan<byte> values, int elementSize, ReadOnlySpan<int> shape)
    {
        var count = 1L;
        foreach (var extent in shape)
        {
            count *= extent;
        }

        if (count * elementSize != values.Length)
        {
            throw new ArgumentException($"The shape has room for {count} values, but got {values.Length / elementSize}.", nameof(values));
        }

        FileReplacement.Write(path, Header(elementSize, shape), values);
    }

    /// <summary>What comes before the values in a file of floating-point numbers. For three extents it is as long whatever they are.</summary>
    /// <param name="elementSize">Bytes of a number: 4 or 8.</param>
    /// <param name="shape">The extents, slowest first.</param>
    public static byte[] Header(int elementSize, params ReadOnlySpan<int> shape)
    {
        // A Python tuple: one extent needs its comma.
        var extents = string.Join(", ", shape.ToArray().Select(extent => extent.ToString(CultureInfo.InvariantCulture)));
        var description = $"{{'descr': '<f{elementSize}', 'fortran_order': False, 'shape': ({extents}{(shape.Length == 1 ? "," : "")}), }}";
        var prefixLength = Magic.Length + sizeof(ushort);
        var length = (prefixLength + description.Length + 1 + Alignment - 1) / Alignment * Alignment;

        var header = new byte[length];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(Magic.Length), (ushort)(length - prefixLength));
        Encoding.ASCII.GetBytes(description, header.AsSpan(prefixLength));
        header[^1] = (byte)'\n';
        return header;
    }

    private static ReadOnlySpan<byte> ToLittleEndian(ReadOnlySpan<double> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            return MemoryMarshal.AsBytes(values);
        }

        var bytes = new byte[values.Length * sizeof(double)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), values[i]);
        }

        return bytes;
    }

    private static ReadOnlySpan<byte> ToLittleEndian(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            return MemoryMarshal.AsBytes(values);
        }

        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        }

        return bytes;
    }
}
