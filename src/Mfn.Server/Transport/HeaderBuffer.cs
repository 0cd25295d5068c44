using System.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Mfn.Server.Transport;

/// <summary>
/// Makes smaller what Kestrel sets aside for each HTTP/2 connection to encode response headers in: as much as the largest frame that the client takes, 16 KiB
/// at least and 256 KiB for many, which is more than all else that an idle watcher holds. Kestrel borrows a larger one for headers that do not fit.
/// </summary>
/// <remarks>
/// There is no setting for it, so that this reaches into Kestrel's own fields. A Kestrel that has other ones is left as it is.
/// </remarks>
internal static class HeaderBuffer
{
    /// <summary>Bytes; enough for the headers and trailers of a call that succeeds.</summary>
    public const int Size = 512;

    private static readonly Fields? Found = Find();

    /// <summary>Whether this Kestrel is one that it knows.</summary>
    public static bool IsKnown => Found is not null;

    /// <summary>Makes the buffer of the call's connection smaller, if there is one.</summary>
    public static void Shrink(HttpContext call)
    {
        if (Found is { } fields && call.Features.Get<IHttp2StreamIdFeature>() is { } stream && fields.Stream.IsInstanceOfType(stream))
        {
            var writer = fields.Writer.GetValue(fields.Context.GetValue(stream));
            lock ((Lock)fields.Lock.GetValue(writer)!)
            {
                fields.Buffer.SetValue(writer, new byte[Size]);
            }
        }
    }

    /// <summary>The bytes of the buffer of the call's connection; null if it is not known.</summary>
    public static int? SizeOf(HttpContext call) =>
        Found is { } fields && call.Features.Get<IHttp2StreamIdFeature>() is { } stream
            ? ((byte[])fields.Buffer.GetValue(fields.Writer.GetValue(fields.Context.GetValue(stream)))!).Length
            : null;

    private static Fields? Find()
    {
        const string Http2 = "Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http2.";
        const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
        var kestrel = typeof(Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions).Assembly;
        var writer = kestrel.GetType(Http2 + "Http2FrameWriter");
        return kestrel.GetType(Http2 + "Http2Stream") is { } stream
            && stream.GetField("_context", Instance) is { } context
            && context.FieldType.GetProperty("FrameWriter", Instance) is { } frameWriter && frameWriter.PropertyType == writer
            && writer.GetField("_writeLock", Instance) is { } writeLock && writeLock.FieldType == typeof(Lock)
            && writer.GetField("_headerEncodingBuffer", Instance) is { } buffer && buffer.FieldType == typeof(byte[])
                ? new Fields(stream, context, frameWriter, writeLock, buffer)
                : null;
    }

    private sealed record Fields(Type Stream, FieldInfo Context, PropertyInfo Writer, FieldInfo Lock, FieldInfo Buffer);
}
