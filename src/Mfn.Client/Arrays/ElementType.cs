using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Mfn.Client.Arrays;

/// <summary>How the elements of a foreign array are written.</summary>
internal readonly record struct ElementType(ElementKind Kind, bool IsBigEndian)
{
    /// <summary>Bytes of an element.</summary>
    public int Size => Kind switch
    {
        ElementKind.Bool or ElementKind.Int8 or ElementKind.UInt8 => 1,
        ElementKind.Int16 or ElementKind.UInt16 or ElementKind.Float16 or ElementKind.BFloat16 => 2,
        ElementKind.Int32 or ElementKind.UInt32 or ElementKind.Float32 => 4,
        _ => 8,
    };

    /// <summary>Whether the elements are no floating-point numbers.</summary>
    public bool IsInteger => Kind < ElementKind.Float16;

    /// <summary>Whether single precision cannot hold every element.</summary>
    public bool IsDouble => Kind is ElementKind.Float64 or ElementKind.Int32 or ElementKind.UInt32 or ElementKind.Int64 or ElementKind.UInt64;

    /// <summary>Whether the elements of the host's type are written like those of this one, but for the order of their bytes.</summary>
    public bool IsLike<T>() => Kind switch
    {
        ElementKind.Float64 => typeof(T) == typeof(double),
        ElementKind.Float32 => typeof(T) == typeof(float),
        _ => false,
    };

    /// <summary>Puts the bytes of each element into the host's order, in place.</summary>
    public void ToHostOrder(Span<byte> bytes)
    {
        if (IsBigEndian != BitConverter.IsLittleEndian)
        {
            return;
        }

        switch (Size)
        {
            case 2:
                var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                BinaryPrimitives.ReverseEndianness(halves, halves);
                break;
            case 4:
                var singles = MemoryMarshal.Cast<byte, uint>(bytes);
                BinaryPrimitives.ReverseEndianness(singles, singles);
                break;
            case 8:
                var doubles = MemoryMarshal.Cast<byte, ulong>(bytes);
                BinaryPrimitives.ReverseEndianness(doubles, doubles);
                break;
        }
    }

    /// <summary>The numbers that the bytes stand for, rounded to nearest where the host's type is too narrow; the bytes are spoilt.</summary>
    public void Decode<T>(Span<byte> bytes, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        ToHostOrder(bytes);
        switch (Kind)
        {
            case ElementKind.Bool:
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = bytes[i] == 0 ? T.Zero : T.One;
                }

                break;
            case ElementKind.BFloat16:
                var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = T.CreateTruncating(BitConverter.UInt32BitsToSingle((uint)halves[i] << 16));
                }

                break;
            case ElementKind.Int8:
                Convert<sbyte, T>(bytes, destination);
                break;
            case ElementKind.Int16:
                Convert<short, T>(bytes, destination);
                break;
            case ElementKind.Int32:
                Convert<int, T>(bytes, destination);
                break;
            case ElementKind.Int64:
                Convert<long, T>(bytes, destination);
                break;
            case ElementKind.UInt8:
                Convert<byte, T>(bytes, destination);
                break;
            case ElementKind.UInt16:
                Convert<ushort, T>(bytes, destination);
                break;
            case ElementKind.UInt32:
                Convert<uint, T>(bytes, destination);
                break;
            case ElementKind.UInt64:
                Convert<ulong, T>(bytes, destination);
                break;
            case ElementKind.Float16:
                Convert<Half, T>(bytes, destination);
                break;
            case ElementKind.Float32:
                Convert<float, T>(bytes, destination);
                break;
            default:
                Convert<double, T>(bytes, destination);
                break;
        }
    }

    private static void Convert<TSource, T>(Span<byte> bytes, Span<T> destination)
        where TSource : unmanaged, INumberBase<TSource>
        where T : unmanaged, INumberBase<T>
    {
        var source = MemoryMarshal.Cast<byte, TSource>(bytes);
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = T.CreateTruncating(source[i]);
        }
    }
}
