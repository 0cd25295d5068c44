using System.IO.Compression;

namespace Grpc.Net.Compression;

/// <summary>One way to compress messages.</summary>
public interface ICompressionProvider
{
    /// <summary>The name in the <c>grpc-encoding</c> and <c>grpc-accept-encoding</c> headers.</summary>
    string EncodingName { get; }

    /// <summary>
    /// A stream that compresses what is written to it into another, which stays open; a null level means the provider's
    /// own.
    /// </summary>
    Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel);

    /// <summary>A stream that reads what another, which stays open, holds compressed.</summary>
    Stream CreateDecompressionStream(Stream stream);
}
