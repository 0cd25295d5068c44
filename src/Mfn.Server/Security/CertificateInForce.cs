using System.Net.Security;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;

namespace Mfn.Server.Security;

/// <summary>
/// The server's certificate for connections that are opened now. Its file and that of its key are followed; two that do not fit are half of a change, and leave in force what
/// was there before. Thread-safe.
/// </summary>
internal sealed partial class CertificateInForce : IDisposable
{
    private readonly TlsFile _certificateFile;
    private readonly TlsFile _keyFile;
    private readonly TimeProvider _clock;
    private readonly ILogger<CertificateInForce> _logger;
    private readonly FollowedFile _files;
    private ServerCertificate? _current;
    private SslStreamCertificateContext? _context;

    /// <exception cref="InvalidDataException">A file cannot be used (any more).</exception>
    public CertificateInForce(TlsFile certificateFile, TlsFile keyFile, FollowedInputs inputs, ILogger<CertificateInForce> logger)
    {
        (_certificateFile, _keyFile, _clock, _logger) = (certificateFile, keyFile, inputs.Clock, logger);
        _files = new FollowedFile(certificateFile.Setting, [certificateFile.Path, keyFile.Path], Use, inputs, logger, mustSettle: true, ServerCertificate.Notice);
    }

    /// <summary>What a handshake shows. Sessions that were begun with another certificate cannot be resumed with this one.</summary>
    public SslStreamCertificateContext Context => Volatile.Read(ref _context)!;

    public void Dispose() => _files.Dispose();

    private DateTimeOffset? Use(IReadOnlyList<string> texts)
    {
        var (problems, warnings, now) = (new List<string>(), new List<string>(), _clock.GetUtcNow());
        var read = ServerCertificate.Read(_certificateFile.Become(texts[0]), _keyFile.Become(texts[1]), now, problems, warnings);
        if (read is null || problems.Count > 0)
        {
            throw new InvalidDataException($"are no pair that a server starts with: {string.Join(' ', problems)}");
        }

        if (read.Begins > now && _current?.Expires > now)
        {
            throw new InvalidDataException($"are not valid before {TlsFile.Tell(read.Begins.UtcDateTime)}, and will be taken then.");
        }

        foreach (var warning in warnings)
        {
            LogWarning(warning);
        }

        var context = SslStreamCertificateContext.Create(read.Certificate, read.Chain);
        _current = read;
        Volatile.Write(ref _context, context);
        var expires = TlsFile.Tell(read.Certificate.NotAfter);
        LogInForce(read.Certificate.Subject, read.Certificate.SerialNumber, expires);
        return read.Expires;
    }

    [LoggerMessage(EventId = 1110, EventName = "ServerCertificateQuestionable", Level = LogLevel.Warning, Message = "{Warning}")]
    [LogMeaning("Something of the server's certificate needs somebody to look at it, such as that it expires soon.")]
    private partial void LogWarning(string warning);

    [LoggerMessage(EventId = 1111, EventName = "ServerCertificateInForce", Level = LogLevel.Information, Message = "New connections are shown the certificate {Subject}, serial number {SerialNumber}, which expires at {Expires}")]
    [LogMeaning("The server has begun to show a certificate, at its start or after a change of the files.")]
    private partial void LogInForce(string subject, string serialNumber, string expires);
}
